import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM } from '@roofshot/runtime/service';
import { Changes } from './changes.ts';
import type { TrainingPlatform } from './platform.ts';
import { addRunRoutes } from './run-routes.ts';
import { TrainingRuns } from './training-runs.ts';

@Controller()
export class TrainingController {
  constructor(http: HttpRoutes, @Inject(PLATFORM) platform: TrainingPlatform, runs: TrainingRuns, changes: Changes) {
    addRunRoutes(http, platform, { runs, changes: changes.signal });
  }
}
