/** What lies on the platform's event log for its readers, read past all services. */
import type { LogRecord } from '@roofshot/messaging/events';
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
    return records.flatMap(withoutRepetitions).map(({ headers, value }) => ({
      type: headers['ce_type'] ?? '',
      id: headers['ce_id'] ?? '',
      data: JSON.parse(value) as OnLog['data'],
    }));
  } finally {
    await bus.close();
    await sql.close();
  }
}

/**
 * What an outbox has sent to Kafka when it is killed, and has not noted yet, it sends again: then it lies there twice, and readers know it
 * by its stream and its place in the stream. `records`: of one partition, in their order.
 */
function withoutRepetitions(records: readonly LogRecord[]): LogRecord[] {
  const reached = new Map<string, number>();
  return records.filter(({ headers }) => {
    const { 'roofshot-origin': origin, 'roofshot-sequence': place } = headers;
    if (origin === undefined) return true;
    if (Number(place) <= (reached.get(origin) ?? Number.NEGATIVE_INFINITY)) return false;
    reached.set(origin, Number(place));
    return true;
  });
}

export const byType = (records: readonly OnLog[], type: string): OnLog[] => records.filter((record) => record.type === type);
