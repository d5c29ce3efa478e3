import type { DynamicModule } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM } from '@roofshot/runtime/service';
import { Changes } from './changes.ts';
import { FeatureDefinitions } from './definitions.ts';
import { trainingJobKind } from './job-rules.ts';
import type { TrainingPlatform } from './platform.ts';
import { Dispatcher } from './trainers/dispatcher.ts';
import { TrainingController } from './training.controller.ts';
import { TrainingRuns } from './training-runs.ts';

export class TrainingModule {
  static with(platform: TrainingPlatform): DynamicModule {
    return {
      module: TrainingModule,
      controllers: [TrainingController],
      providers: [
        Changes,
        Dispatcher,
        FeatureDefinitions,
        TrainingRuns,
        { provide: PLATFORM, useValue: platform },
        {
          provide: Resources,
          inject: [HttpRoutes],
          useFactory: (http: HttpRoutes) => ownResources(http, platform, [trainingJobKind]),
        },
      ],
    };
  }
}
