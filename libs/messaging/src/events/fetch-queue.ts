import type { Queryable } from '@roofshot/storage/sql';
import { oneAtATime } from '../one-at-a-time.ts';
import type { LogRecord } from './bus.ts';
import type { IndexedTopic } from './topic-index.ts';

export interface FetchRequest {
  readonly topic: IndexedTopic;
  readonly partition: number;
  readonly offset: number;
  /** At most so many records. */
  readonly limit: number;
}

export interface Fetched {
  readonly records: readonly LogRecord[];
  /** Bounds of the partition in the same snapshot. */
  readonly start: number;
  readonly end: number;
  /** There is nothing below `end` that is not among the records. */
  readonly isComplete: boolean;
}

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

interface Waiting {
  readonly request: FetchRequest;
  readonly resolve: (fetched: Fetched) => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds the memory of one answer. */
const MAX_PARTITIONS = 16;

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

/** Reads many partitions in one query: requests that come while one runs go together in the next. */
export class FetchQueue {
  readonly #sql: Queryable;
  #waiting: Waiting[] = [];
  readonly #pump: () => Promise<void>;

  constructor(sql: Queryable) {
    this.#sql = sql;
    this.#pump = oneAtATime(() => this.#fetchWaiting());
  }

  fetch(request: FetchRequest): Promise<Fetched> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      void this.#pump(); // settles each request's own promise and never rejects
    });
  }

  async #fetchWaiting(): Promise<void> {
    await Promise.resolve(); // requests of the same moment come along
    const group = this.#waiting.slice(0, MAX_PARTITIONS);
    this.#waiting = this.#waiting.slice(MAX_PARTITIONS);
    if (this.#waiting.length > 0) void this.#pump();
    try {
      const requests = group.map(({ request }) => request);
      const fetched = await fetchRecords(this.#sql, requests);
      group.forEach(({ resolve, reject, request }, slot) => {
        const one = fetched[slot];
        if (one !== undefined) resolve(one);
        else reject(new Error(`Partition ${request.partition} of "${request.topic.name}" is not there any more: its topic was deleted.`));
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}

/** In the order of the requests; undefined where there is no such partition. */
export async function fetchRecords(sql: Queryable, requests: readonly FetchRequest[]): Promise<(Fetched | undefined)[]> {
  if (requests.length === 0) return [];
  const rows = await sql.query<Row>(FETCH, [
    requests.map(({ topic }) => topic.id),
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
  return found.map((one, slot) => one && { ...one, isComplete: one.records.length < (requests[slot]?.limit ?? 0) });
}

function recordOf({ topic, partition }: FetchRequest, row: Row, offset: number): LogRecord {
  const headers = JSON.parse(row.headers) as Record<string, string>;
  return { topic: topic.name, partition, offset, key: row.key, headers, value: row.value, appendedAt: row.appended_ms };
}
