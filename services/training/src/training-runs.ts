/** Starts runs with what this process knows: the jobs, the feature definitions, the clock. */
import { Inject, Injectable } from '@nestjs/common';
import type { Tx } from '@roofshot/messaging/handlers';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM } from '@roofshot/runtime/service';
import { FeatureDefinitions } from './definitions.ts';
import type { TrainingPlatform } from './platform.ts';
import type { Run } from './runs/run-store.ts';
import { startRun, type StartOrder } from './runs/start-run.ts';
import { Dispatcher } from './trainers/dispatcher.ts';

@Injectable()
export class TrainingRuns {
  readonly #platform: TrainingPlatform;
  readonly #resources: Resources;
  readonly #definitions: FeatureDefinitions;
  readonly #dispatcher: Dispatcher;

  constructor(@Inject(PLATFORM) platform: TrainingPlatform, resources: Resources, definitions: FeatureDefinitions, dispatcher: Dispatcher) {
    this.#platform = platform;
    this.#resources = resources;
    this.#definitions = definitions;
    this.#dispatcher = dispatcher;
  }

  async start(order: StartOrder): Promise<Run> {
    return this.#platform.transactions.run((tx) => this.startIn(tx, order));
  }

  async startIn(tx: Tx, order: StartOrder): Promise<Run> {
    const run = await startRun(tx, order, {
      resources: this.#resources,
      definitionsOf: (service) => this.#definitions.of(service),
      now: this.#platform.clock(),
      timeoutMs: this.#platform.config.TIMEOUT,
    });
    if (run.state === 'waiting-for-snapshot') this.#dispatcher.warmUp();
    return run;
  }

  /** What a trial that runs in this process has written so far; undefined when it does not. */
  liveLog(runId: string, number: number): Promise<string | undefined> {
    return this.#dispatcher.liveLog(runId, number);
  }
}
