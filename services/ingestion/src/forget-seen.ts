/** Forgets repeats that are past the horizon, in the background and in small bites. */
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { parseDuration } from '@roofshot/runtime/durations';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Static } from 'typebox';
import type { IngestionConfig } from './config.ts';
import { forgetSeen } from './seen-store.ts';

const EVERY_MS = 60_000;
const BITE = 20_000;

@Injectable()
export class ForgetSeen implements OnModuleInit, OnModuleDestroy {
  readonly #platform: Platform<'sql', Static<typeof IngestionConfig>>;
  #timer: NodeJS.Timeout | undefined;

  constructor(@Inject(PLATFORM) platform: Platform<'sql', Static<typeof IngestionConfig>>) {
    this.#platform = platform;
  }

  onModuleInit(): void {
    this.#timer = setInterval(() => void this.run(), EVERY_MS);
    this.#timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  /** Until nothing is left to forget. A failed run is said and tried again at the next. */
  async run(): Promise<void> {
    const { sql, config, log } = this.#platform;
    const horizonSeconds = (parseDuration(config.duplicateHorizon) ?? 0) / 1000;
    try {
      while ((await forgetSeen(sql, horizonSeconds, BITE)) === BITE) continue;
    } catch (error) {
      log[failureLevel(error)]('Old event ids could not be forgotten; the next run tries again.', { error });
    }
  }
}
