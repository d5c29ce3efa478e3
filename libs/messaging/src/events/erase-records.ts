import { EVENT_ERASED } from '@roofshot/contracts/envelope';
import type { Sql } from '@roofshot/storage/sql';
import type { KeyToErase } from './bus.ts';
import { ORIGIN_HEADER, SEQUENCE_HEADER } from './carried-headers.ts';
import type { PostgresTopic } from './topic-index.ts';

/** Offsets that one statement looks through: there is no index of keys, because every append would pay for it. */
const STRIDE = 50_000;

/** What stays readable of an erased record: where it stood in time and in its stream, and what recognises a repetition. */
const KEPT_HEADERS = ['ce_specversion', 'ce_id', 'ce_source', 'ce_time', 'ce_knowntime', ORIGIN_HEADER, SEQUENCE_HEADER];

interface Found {
  readonly offset: number;
  readonly headers: string;
}

/**
 * Overwrites the topic's records of the key, each in its place: offsets, ids and times stay, key, subject and data go. Each stride is a
 * transaction of its own; whoever was killed in between begins again and finds the rest. Answers how many were overwritten.
 */
export async function eraseRecords(sql: Sql, topic: PostgresTopic, { key, until }: KeyToErase): Promise<number> {
  let erased = 0;
  for (const [partition, { start }] of topic.bounds.entries()) {
    const end = await endAfterAppends(sql, topic.id, partition);
    for (let from = start; from < end; from += STRIDE)
      erased += await eraseStride(sql, [topic.id, partition, from, Math.min(end, from + STRIDE)], { key, until });
  }
  return erased;
}

/** An append holds its partition until it commits: whoever gets the lock sees all that were under way. */
async function endAfterAppends(sql: Sql, topicId: number, partition: number): Promise<number> {
  return sql.transaction(async (tx) => {
    const [row] = await tx.query<{ next_offset: number }>(
      'SELECT next_offset FROM messaging.partitions WHERE topic_id = $1 AND partition = $2 FOR UPDATE',
      [topicId, partition],
    );
    return row?.next_offset ?? 0;
  });
}

type Stride = readonly [topicId: number, partition: number, from: number, to: number];

async function eraseStride(sql: Sql, stride: Stride, { key, until }: Omit<KeyToErase, 'topics'>): Promise<number> {
  return sql.transaction(async (tx) => {
    const found = await tx.query<Found>(
      `SELECT "offset", headers FROM messaging.records
       WHERE topic_id = $1 AND partition = $2 AND "offset" >= $3 AND "offset" < $4 AND key = $5 ORDER BY "offset" FOR UPDATE`,
      [...stride, key],
    );
    const rest = found.flatMap(({ offset, headers }) => {
      const left = remainsOf(JSON.parse(headers) as Record<string, string>, until);
      return left === undefined ? [] : [{ offset, headers: left }];
    });
    if (rest.length === 0) return 0;
    await tx.query(
      `UPDATE messaging.records r SET key = '', headers = u.headers, value = 'null'
       FROM unnest($3::bigint[], $4::text[]) AS u("offset", headers) WHERE r.topic_id = $1 AND r.partition = $2 AND r."offset" = u."offset"`,
      [stride[0], stride[1], rest.map(({ offset }) => offset), rest.map(({ headers }) => headers)],
    );
    return rest.length;
  });
}

/** The headers that stay; undefined for a record that became known later. One that does not say when is erased. */
function remainsOf(headers: Readonly<Record<string, string>>, until: number): string | undefined {
  if (Date.parse(headers['ce_knowntime'] ?? '') > until) return undefined;
  const kept = KEPT_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]] as const]));
  return JSON.stringify({ 'content-type': 'application/json', ce_type: EVENT_ERASED, ...Object.fromEntries(kept) });
}
