/** Forgets what is kept for a time alone, in the background and in small bites, so that nobody waits for its rows. */
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Logger } from '@roofshot/telemetry/logger';

const EVERY_MS = 60_000;

export interface OldRows {
  /** All that is past its time. */
  readonly forget: () => Promise<void>;
  /** The sentence of the log line where that fails. */
  readonly failure: string;
}

/** `forget` takes the most rows of one bite and answers how many there were; until there are fewer. */
export async function inBites(bite: number, forget: (most: number) => Promise<number>): Promise<void> {
  while ((await forget(bite)) === bite) continue;
}

export class ForgetOld implements OnModuleInit, OnModuleDestroy {
  readonly #kinds: readonly OldRows[];
  readonly #log: Pick<Logger, 'warn' | 'error'>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(kinds: readonly OldRows[], log: Pick<Logger, 'warn' | 'error'>, everyMs = EVERY_MS) {
    this.#kinds = kinds;
    this.#log = log;
    this.#everyMs = everyMs;
  }

  onModuleInit(): void {
    this.#timer = setInterval(() => (this.#running ??= this.run().finally(() => (this.#running = undefined))), this.#everyMs).unref();
  }

  /** The database is there until then. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** One kind after the other. What fails is said and tried again at the next run, and keeps no other from its turn. */
  async run(): Promise<void> {
    for (const { forget, failure } of this.#kinds) {
      try {
        await forget();
      } catch (error) {
        this.#log[failureLevel(error)](failure, { error });
      }
    }
  }
}
