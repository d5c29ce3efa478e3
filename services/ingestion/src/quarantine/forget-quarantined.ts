import { parseDuration } from '@roofshot/runtime/durations';
import type { Platform } from '@roofshot/runtime/service';
import type { Static } from 'typebox';
import type { IngestionConfig } from '../config.ts';
import { inBites, type OldRows } from '../forget-old.ts';
import { forgetRefused } from './quarantine-store.ts';

/** Rows with their originals. */
const BITE = 1_000;

/** What has been in the quarantine for longer than the retention. Work that nobody has done does not go silently. */
export function oldRefused({ sql, config, log }: Platform<'sql', Static<typeof IngestionConfig>>): OldRows {
  const retentionSeconds = (parseDuration(config.quarantineRetention) ?? 0) / 1000;
  return {
    failure: 'Old refused events could not be deleted; the next run tries again.',
    forget: async () => {
      let open = 0;
      await inBites(BITE, async (most) => {
        const bite = await forgetRefused(sql, retentionSeconds, most);
        open += bite.open;
        return bite.rows;
      }).finally(() => {
        if (open > 0)
          log.warn('Refused events that nobody had worked on were deleted at the end of their retention.', { 'labels.events': open });
      });
    },
  };
}
