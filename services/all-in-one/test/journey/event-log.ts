/** What lies on the platform's event log, read past all services. */
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { openSql } from '@roofshot/storage/open-sql';
import { log } from '@roofshot/telemetry/logger';
import type { Platform } from './platform.ts';

export interface OnLog {
  readonly type: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export async function onLog(platform: Platform, topics: readonly string[]): Promise<OnLog[]> {
  const { SQL_URL, EVENTS_URL = SQL_URL } = await platform.servers();
  const sql = await openSql(SQL_URL, { poolSize: 4, applicationName: 'journey test' });
  const bus = await openEventBus(EVENTS_URL, { sql, sqlUrl: SQL_URL, log });
  try {
    const parts = (await Promise.all(topics.map((topic) => bus.bounds(topic)))).flat();
    const records = await Promise.all(parts.map((part) => bus.readFrom(part, part.start, 1_000_000)));
    return records.flat().map(({ headers, value }) => ({
      type: headers['ce_type'] ?? '',
      id: headers['ce_id'] ?? '',
      data: JSON.parse(value) as OnLog['data'],
    }));
  } finally {
    await bus.close();
    await sql.close();
  }
}

export const byType = (records: readonly OnLog[], type: string): OnLog[] => records.filter((record) => record.type === type);
