import { join } from 'node:path';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { ServingSettings } from '../config.ts';
import { loadPosition, nameSpool } from './relay-position.ts';
import { Spool } from './spool.ts';

const MEGABYTE = 1_048_576;

/** The spool in the service's own folder, ready for new lines; the relay brings what an earlier process left. */
export async function openSpool(platform: {
  readonly folder: string;
  readonly sql: Sql;
  readonly config: ServingSettings;
  readonly log: Logger;
}): Promise<Spool> {
  const folder = join(platform.folder, 'spool');
  const { spoolMaxMb, spoolSegmentMb } = platform.config;
  const name = await nameSpool(folder);
  const { segment } = await loadPosition(platform.sql, name);
  return Spool.open({
    folder,
    name,
    after: segment,
    segmentBytes: spoolSegmentMb * MEGABYTE,
    maxBytes: spoolMaxMb * MEGABYTE,
    log: platform.log,
  });
}
