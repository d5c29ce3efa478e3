import type { Queryable } from '@roofshot/storage/sql';
import type { LogRecord } from './bus.ts';
import type { Fetched, FetchRequest } from './fetch-queue.ts';
import type { TopicIndex } from './topic-index.ts';

interface Row {
  readonly slot: number;
  readonly start_offset: number;
  readonly next_offset: number;
  readonly offset: number | null;
  readonly key: string;
  readonly headers: string;
  readonly value: string;
  readonly appended_ms: number;
}

const FETCH = `
  SELECT q.slot::int AS slot, p.start_offset, p.next_offset, r."offset", r.key, r.headers, r.value, r.appended_ms
  FROM unnest($1::int[], $2::int[], $3::bigint[], $4::int[]) WITH ORDINALITY AS q(topic_id, partition, "offset", most, slot)
  JOIN messaging.partitions p USING (topic_id, partition)
  LEFT JOIN LATERAL (
    SELECT s."offset", s.key, s.headers, s.value, (extract(epoch FROM s.appended_at) * 1000)::float8 AS appended_ms
    FROM messaging.records s
    WHERE s.topic_id = q.topic_id AND s.partition = q.partition AND s."offset" >= q."offset"
    ORDER BY s."offset" LIMIT q.most
  ) r ON true`;

/** Reads many partitions in one query. */
export async function fetchRecords(sql: Queryable, index: TopicIndex, requests: readonly FetchRequest[]): Promise<(Fetched | undefined)[]> {
  if (requests.length === 0) return [];
  const rows = await sql.query<Row>(FETCH, [
    requests.map(({ topic }) => idOf(index, topic)),
    requests.map(({ partition }) => partition),
    requests.map(({ offset }) => offset),
    requests.map(({ limit }) => limit),
  ]);
  const found: ({ records: LogRecord[]; start: number; end: number } | undefined)[] = requests.map(() => undefined);
  for (const row of rows) {
    const request = requests[row.slot - 1];
    const one = (found[row.slot - 1] ??= { records: [], start: row.start_offset, end: row.next_offset });
    if (request !== undefined && row.offset !== null) one.records.push(recordOf(request, row, row.offset));
  }
  return found.map((one, slot) => one && { ...one, next: nextAfter(one, requests[slot]?.limit ?? 0) });
}

function recordOf({ topic, partition }: FetchRequest, row: Row, offset: number): LogRecord {
  const headers = JSON.parse(row.headers) as Record<string, string>;
  return { topic: topic.name, partition, offset, key: row.key, headers, value: row.value, appendedAt: row.appended_ms };
}

function nextAfter({ records, end }: { records: LogRecord[]; end: number }, limit: number): number {
  const last = records.at(-1);
  return last === undefined || records.length < limit ? end : last.offset + 1;
}

/** Null, which matches nothing, when the topic was deleted or made again meanwhile. */
function idOf(index: TopicIndex, { name, uuid }: FetchRequest['topic']): number | null {
  const known = index.find(name);
  return known?.uuid === uuid ? known.id : null;
}
