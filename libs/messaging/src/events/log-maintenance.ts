import type { Queryable, Sql } from '@roofshot/storage/sql';

/** So many records in one transaction, so that neither the partition nor the disk is held for long. */
const CHUNK = 5_000;
/** Readers that follow from the start may still need the deletion of a key that they have folded: it stays for a day. */
const TOMBSTONE_HOURS = 24;
/** Compaction reads the whole partition: worth it only when enough was appended since the last time. */
const MIN_NEW_RECORDS = 1_000;
/** An outbox brings a message again only if it could not delete it; after so long nobody waits for that any more. */
const CARRIED_DAYS = 7;
/** Any number that nothing else in the database locks. */
const LOCK = 7_230_110_001;

interface Partition {
  readonly topic_id: number;
  readonly partition: number;
}

interface Offset {
  readonly offset: number;
}

/** Retention by append time and compaction by key, over all topics. Answers how many records went; 0 when another process is at it. */
export async function maintainLog(sql: Sql): Promise<number> {
  await sql.query('DELETE FROM messaging.carried WHERE carried_at < clock_timestamp() - make_interval(days => $1)', [CARRIED_DAYS]);
  await sql.query("DELETE FROM messaging.members WHERE seen_at < clock_timestamp() - interval '1 hour'");
  return (await dropExpired(sql)) + (await compact(sql));
}

async function dropExpired(sql: Sql): Promise<number> {
  const partitions = await sql.query<Partition>(
    `SELECT topic_id, partition FROM messaging.partitions JOIN messaging.topics USING (topic_id)
     WHERE retention_ms IS NOT NULL AND start_offset < next_offset ORDER BY 1, 2`,
  );
  return sumOver(partitions, (partition) => inChunks(sql, (tx) => dropOldest(tx, partition)));
}

async function compact(sql: Sql): Promise<number> {
  const partitions = await sql.query<Partition>(
    `SELECT topic_id, partition FROM messaging.partitions JOIN messaging.topics USING (topic_id)
     WHERE compacted AND next_offset - compacted_to >= $1 ORDER BY 1, 2`,
    [MIN_NEW_RECORDS],
  );
  return sumOver(partitions, (partition) => inChunks(sql, (tx) => dropOutdated(tx, partition)));
}

/** The oldest records whose time is over. Moves the start in the same transaction, at its end, because that holds the partition. */
async function dropOldest(tx: Queryable, partition: Partition): Promise<number> {
  const { topic_id, partition: number } = partition;
  const expired = await tx.query<Offset>(
    `SELECT "offset" FROM (
       SELECT "offset", appended_at FROM messaging.records WHERE topic_id = $1 AND partition = $2 ORDER BY "offset" LIMIT $3
     ) oldest
     WHERE appended_at < clock_timestamp() - make_interval(secs => (SELECT retention_ms FROM messaging.topics WHERE topic_id = $1) / 1000.0)
     ORDER BY "offset"`,
    [topic_id, number, CHUNK],
  );
  const last = await dropRecords(tx, partition, expired);
  if (last === undefined) return 0;
  await tx.query('UPDATE messaging.partitions SET start_offset = $3 WHERE topic_id = $1 AND partition = $2', [topic_id, number, last + 1]);
  return expired.length;
}

/** Records with a newer one of their key, and deletions that are a day old. The newest record always stays: it marks the end. */
async function dropOutdated(tx: Queryable, partition: Partition): Promise<number> {
  const { topic_id, partition: number } = partition;
  const outdated = await tx.query<Offset>(
    `SELECT "offset" FROM (
       SELECT "offset", value, appended_at, lead("offset") OVER (PARTITION BY key ORDER BY "offset") AS newer, max("offset") OVER () AS last
       FROM messaging.records WHERE topic_id = $1 AND partition = $2
     ) r
     WHERE newer IS NOT NULL OR (value = '' AND "offset" < last AND appended_at < clock_timestamp() - make_interval(hours => $4))
     ORDER BY "offset" LIMIT $3`,
    [topic_id, number, CHUNK, TOMBSTONE_HOURS],
  );
  await dropRecords(tx, partition, outdated);
  if (outdated.length < CHUNK) {
    await tx.query('UPDATE messaging.partitions SET compacted_to = next_offset WHERE topic_id = $1 AND partition = $2', [topic_id, number]);
  }
  return outdated.length;
}

/** By their offsets and not by a join, which the planner may run as one scan for each record. Answers the last one. */
async function dropRecords(tx: Queryable, { topic_id, partition }: Partition, offsets: readonly Offset[]): Promise<number | undefined> {
  const list = offsets.map(({ offset }) => offset);
  if (list.length === 0) return undefined;
  await tx.query('DELETE FROM messaging.records WHERE topic_id = $1 AND partition = $2 AND "offset" = ANY($3::bigint[])', [
    topic_id,
    partition,
    list,
  ]);
  return list.at(-1);
}

/** Repeats a step until it finds less than a chunk; a step does nothing while another process is at it. */
async function inChunks(sql: Sql, step: (tx: Queryable) => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    const dropped = await sql.transaction(async (tx) => {
      const [lock] = await tx.query<{ held: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS held', [LOCK]);
      return lock?.held === true ? step(tx) : 0;
    });
    total += dropped;
    if (dropped < CHUNK) return total;
  }
}

async function sumOver<T>(items: readonly T[], work: (item: T) => Promise<number>): Promise<number> {
  let total = 0;
  for (const item of items) total += await work(item);
  return total;
}
