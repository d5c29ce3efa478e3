import type { DynamicModule } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM } from '@roofshot/runtime/service';
import { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import { Analyst } from './analysis/analyst.ts';
import { ROUTE_NEEDS, type RouteNeeds } from './experiment-routes.ts';
import { ExperimentsController } from './experiments.controller.ts';
import { Forget } from './forget.ts';
import { FoldFacts } from './join/fold-facts.ts';
import { Scopes } from './join/scope-store.ts';
import { experimentKind, metricKind } from './phases/experiment-rules.ts';
import { Lifecycle } from './phases/lifecycle.ts';
import type { ExperimentsPlatform } from './platform.ts';
import { EventSources } from './progress/event-sources.ts';
import { Positions } from './progress/positions.ts';
import { ProgressAnswers } from './progress/progress-answers.ts';
import { Reader } from './progress/reader.ts';

export class ExperimentsModule {
  static with(platform: ExperimentsPlatform): DynamicModule {
    const { sql, log, clock, name, events } = platform;
    const scopes = new Scopes();
    const positions = new Positions(events, name);
    const sources = new EventSources();
    const erased = new ErasedSubjects(name);
    return {
      module: ExperimentsModule,
      controllers: [ExperimentsController],
      providers: [
        Analyst,
        Forget,
        { provide: PLATFORM, useValue: platform },
        { provide: Scopes, useValue: scopes },
        { provide: Positions, useValue: positions },
        { provide: EventSources, useValue: sources },
        { provide: FoldFacts, useValue: new FoldFacts({ scopes, positions, sources, erased }) },
        { provide: ErasedSubjects, useValue: erased },
        {
          provide: Resources,
          inject: [HttpRoutes],
          useFactory: (http: HttpRoutes) => ownResources(http, platform, [metricKind(), experimentKind()]),
        },
        {
          provide: ProgressAnswers,
          inject: [Analyst],
          useFactory: (analyst: Analyst) => new ProgressAnswers({ sql, log, scopes, positions, analyst }),
        },
        {
          provide: Lifecycle,
          inject: [Resources, ProgressAnswers, Analyst],
          useFactory: (resources: Resources, progress: ProgressAnswers, analyst: Analyst) =>
            new Lifecycle({ platform, resources, progress, analyst }),
        },
        {
          provide: ROUTE_NEEDS,
          inject: [Resources, Lifecycle, ProgressAnswers],
          useFactory: (resources: Resources, lifecycle: Lifecycle, progress: ProgressAnswers): RouteNeeds => ({
            sql,
            positions,
            resources,
            lifecycle,
            progress,
          }),
        },
        {
          provide: Reader,
          inject: [ProgressAnswers, Analyst],
          useFactory: (progress: ProgressAnswers, analyst: Analyst) =>
            new Reader({ sql, scopes, positions, sources, clock }, progress, analyst),
        },
      ],
    };
  }
}
