import { Controller, Inject, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM } from '@roofshot/runtime/service';
import { addExperimentRoutes } from './experiment-routes.ts';
import { Lifecycle } from './phases/lifecycle.ts';
import type { ExperimentsPlatform } from './platform.ts';
import { Positions } from './progress/positions.ts';
import { ProgressAnswers } from './progress/progress-answers.ts';
import { addStatisticsRoutes } from './statistics/statistics-routes.ts';

@Controller()
export class ExperimentsController implements OnModuleInit, OnModuleDestroy {
  readonly #progress: ProgressAnswers;

  constructor(
    @Inject(HttpRoutes) http: HttpRoutes,
    @Inject(PLATFORM) { sql }: ExperimentsPlatform,
    @Inject(Resources) resources: Resources,
    @Inject(Lifecycle) lifecycle: Lifecycle,
    @Inject(Positions) positions: Positions,
    @Inject(ProgressAnswers) progress: ProgressAnswers,
  ) {
    this.#progress = progress;
    addExperimentRoutes(http, { sql, resources, positions, lifecycle, progress });
    addStatisticsRoutes(http);
  }

  onModuleInit(): Promise<void> {
    return this.#progress.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#progress.stop();
  }
}
