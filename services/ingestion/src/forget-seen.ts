import { parseDuration } from '@roofshot/runtime/durations';
import type { Platform } from '@roofshot/runtime/service';
import type { Static } from 'typebox';
import type { IngestionConfig } from './config.ts';
import { inBites, type OldRows } from './forget-old.ts';
import { forgetSeen } from './seen-store.ts';

/** Rows of some fifty bytes. */
const BITE = 20_000;

/** Fingerprints that are past the horizon: an event of that age that comes again is a new one. */
export function oldSeen({ sql, config }: Platform<'sql', Static<typeof IngestionConfig>>): OldRows {
  const horizonSeconds = (parseDuration(config.duplicateHorizon) ?? 0) / 1000;
  return {
    failure: 'Old event ids could not be forgotten; the next run tries again.',
    forget: () => inBites(BITE, (most) => forgetSeen(sql, horizonSeconds, most)),
  };
}
