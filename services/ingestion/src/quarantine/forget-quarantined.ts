/** Deletes what has been in the quarantine for longer than the retention, in the background and in small bites. */
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { parseDuration } from '@roofshot/runtime/durations';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Static } from 'typebox';
import type { IngestionConfig } from '../config.ts';
import { forgetRefused } from './quarantine-store.ts';

const EVERY_MS = 60_000;
const BITE = 1_000;

@Injectable()
export class ForgetQuarantined implements OnModuleInit, OnModuleDestroy {
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

  /** Until nothing is left to delete. A failed run is said and tried again at the next. */
  async run(): Promise<void> {
    const { log } = this.#platform;
    try {
      const open = await this.#forgetAll();
      if (open > 0)
        log.warn('Refused events that nobody had worked on were deleted at the end of their retention.', { 'labels.events': open });
    } catch (error) {
      log[failureLevel(error)]('Old refused events could not be deleted; the next run tries again.', { error });
    }
  }

  /** Answers how many of them were still open. */
  async #forgetAll(): Promise<number> {
    const { sql, config } = this.#platform;
    const retentionSeconds = (parseDuration(config.quarantineRetention) ?? 0) / 1000;
    let open = 0;
    for (;;) {
      const bite = await forgetRefused(sql, retentionSeconds, BITE);
      open += bite.open;
      if (bite.rows < BITE) return open;
    }
  }
}
