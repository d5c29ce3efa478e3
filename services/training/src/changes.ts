import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PLATFORM } from '@roofshot/runtime/service';
import { Signal } from '@roofshot/runtime/signal';
import type { Queryable } from '@roofshot/storage/sql';
import type { TrainingPlatform } from './platform.ts';

const CHANNEL = 'roofshot_training';

/** To be called in every transaction that changes a run or a trial: at its commit all processes look again. */
export async function notifyChange(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_notify('${CHANNEL}', '')`);
}

/** Wakes what waits for a change of runs or trials, wherever the change was made: held requests and the dispatcher. */
@Injectable()
export class Changes implements OnModuleInit, OnApplicationShutdown {
  readonly signal = new Signal();
  readonly #platform: TrainingPlatform;
  #stop: () => Promise<void> = () => Promise.resolve();

  constructor(@Inject(PLATFORM) platform: TrainingPlatform) {
    this.#platform = platform;
  }

  async onModuleInit(): Promise<void> {
    this.#stop = await this.#platform.sql.listen(CHANNEL, () => this.signal.changed());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#stop();
  }
}
