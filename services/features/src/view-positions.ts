import { randomUUID } from 'node:crypto';
import type { TopicPartition } from '@roofshot/messaging/events';
import type { Queryable } from '@roofshot/storage/sql';
import type { QuietSpan } from './quiet-streams.ts';

/** How far one view has come in one partition of its source. Times are epoch milliseconds of event time; null before the first. */
export interface ViewPosition extends TopicPartition {
  /** The view's state key. */
  readonly view: string;
  readonly nextOffset: number;
  /** Everything before it is in the view's series. */
  readonly progress: number | null;
  /** Everything before it was offered to the online store. */
  readonly settled: number | null;
  /** Everything before it is in the online store. */
  readonly online: number | null;
  /** Everything before this offset is in the online store. */
  readonly onlineOffset: number;
  /** When the online store last held all that was committed until then, by the database's clock. */
  readonly onlineAt: Date | null;
  /** The mark of the online store that the last three speak of. */
  readonly onlineMark: string | null;
}

const COLUMNS =
  'view, topic, partition, next_offset AS "nextOffset", progress, settled, online, online_offset AS "onlineOffset", online_at AS "onlineAt", online_mark AS "onlineMark"';

/** Gives views their rows for partitions that they have not been seen in. They begin with the first record that the log holds. */
export async function ensurePositions(
  db: Queryable,
  views: readonly string[],
  partitions: readonly (TopicPartition & { start: number })[],
): Promise<void> {
  if (views.length === 0 || partitions.length === 0) return;
  await db.query(
    `INSERT INTO features.view_positions (view, topic, partition, next_offset, online_offset)
     SELECT v, p.topic, p.partition, p.start, p.start FROM unnest($1::text[]) AS v, unnest($2::text[], $3::int[], $4::bigint[]) AS p(topic, partition, start)
     ON CONFLICT DO NOTHING`,
    [views, partitions.map(({ topic }) => topic), partitions.map(({ partition }) => partition), partitions.map(({ start }) => start)],
  );
}

export interface Move extends TopicPartition {
  /** The consumer group whose position is the live one. */
  readonly group: string;
  readonly views: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly progress: number | null;
}

/** A view's row after the attempt to move it. */
export interface Moved extends Pick<ViewPosition, 'view' | 'progress' | 'onlineOffset'> {
  /** Where it stood. */
  readonly stood: number;
  /** The live position before the batch. */
  readonly live: number;
  readonly moved: boolean;
}

/**
 * Moves the views that stand at `start` together with the live position to `end`: those fold the batch. A view that is still
 * catching up stands elsewhere and is left alone; a batch that begins before the live position is a redriven one and moves nobody.
 * Answers all rows; they stay locked until the transaction ends.
 */
export async function moveViews(tx: Queryable, { group, views, topic, partition, start, end, progress }: Move): Promise<Moved[]> {
  // All rows are locked, in one order, before they are looked at: a view that is just catching up is waited for, and then taken along.
  return tx.query<Moved>(
    `WITH held AS MATERIALIZED (
       SELECT view, next_offset FROM features.view_positions WHERE view = ANY($1::text[]) AND topic = $2 AND partition = $3
       ORDER BY view FOR UPDATE),
     live AS (SELECT next_offset FROM features.checkpoints WHERE consumer_group = $7 AND topic = $2 AND partition = $3),
     done AS (
       UPDATE features.view_positions p SET next_offset = $5, progress = GREATEST(p.progress, $6::bigint) FROM held, live
       WHERE p.view = held.view AND p.topic = $2 AND p.partition = $3 AND held.next_offset = $4 AND live.next_offset = $4
       RETURNING p.view, p.progress, p.online_offset)
     SELECT held.view, held.next_offset AS stood, live.next_offset AS live, done.view IS NOT NULL AS moved,
       done.progress, done.online_offset AS "onlineOffset" FROM live, held LEFT JOIN done USING (view)`,
    [views, topic, partition, start, end, progress, group],
  );
}

/** The newest event time of each view in a partition, for those that have one. */
export async function readWatermarks(
  tx: Queryable,
  views: readonly string[],
  { topic, partition }: TopicPartition,
): Promise<Map<string, number>> {
  if (views.length === 0) return new Map();
  const rows = await tx.query<{ view: string; newest: number }>(
    'SELECT view, newest FROM features.view_positions WHERE view = ANY($1::text[]) AND topic = $2 AND partition = $3 AND newest IS NOT NULL',
    [views, topic, partition],
  );
  return new Map(rows.map(({ view, newest }) => [view, newest]));
}

/** What a view did not fold as it came. */
export interface Aside {
  readonly view: string;
  /** Epoch milliseconds; null: as it was. */
  readonly newest: number | null;
  readonly late: number;
  readonly parked: number;
}

/** The rows are locked. */
export async function countAside(tx: Queryable, { topic, partition }: TopicPartition, asides: readonly Aside[]): Promise<void> {
  await tx.query(
    `UPDATE features.view_positions p SET newest = GREATEST(p.newest, u.newest), late = p.late + u.late, parked = p.parked + u.parked
     FROM unnest($1::text[], $4::bigint[], $5::bigint[], $6::bigint[]) AS u(view, newest, late, parked)
     WHERE p.view = u.view AND p.topic = $2 AND p.partition = $3`,
    [
      asides.map(({ view }) => view),
      topic,
      partition,
      asides.map(({ newest }) => newest),
      asides.map(({ late }) => late),
      asides.map(({ parked }) => parked),
    ],
  );
}

/** How many events a view could not read, over all partitions. */
export async function countParked(db: Queryable, view: string): Promise<number> {
  const [row] = await db.query<{ parked: number }>(
    'SELECT coalesce(sum(parked), 0)::bigint AS parked FROM features.view_positions WHERE view = $1',
    [view],
  );
  return row?.parked ?? 0;
}

/** A view that is catching up moves by itself; its row is locked. */
export async function moveView(
  tx: Queryable,
  view: string,
  { topic, partition }: TopicPartition,
  to: { end: number; progress: number | null },
): Promise<void> {
  await tx.query(
    'UPDATE features.view_positions SET next_offset = $4, progress = GREATEST(progress, $5::bigint) WHERE view = $1 AND topic = $2 AND partition = $3',
    [view, topic, partition, to.end, to.progress],
  );
}

/** What was folded behind the positions is not in the online store: says so, for the next one who brings it up to date. */
export async function markBehind(tx: Queryable, views: readonly string[], { topic, partition }: TopicPartition): Promise<void> {
  await tx.query(
    `UPDATE features.view_positions SET online_offset = LEAST(online_offset, next_offset - 1)
     WHERE view = ANY($1::text[]) AND topic = $2 AND partition = $3`,
    [views, topic, partition],
  );
}

/** Locks one view's row; undefined when there is none. */
export async function holdPosition(tx: Queryable, view: string, { topic, partition }: TopicPartition): Promise<ViewPosition | undefined> {
  const [row] = await tx.query<ViewPosition>(
    `SELECT ${COLUMNS} FROM features.view_positions WHERE view = $1 AND topic = $2 AND partition = $3 FOR UPDATE`,
    [view, topic, partition],
  );
  return row;
}

/** Where the service as a whole stands in a partition; undefined before its first claim. */
export async function livePosition(db: Queryable, group: string, { topic, partition }: TopicPartition): Promise<number | undefined> {
  const [row] = await db.query<{ nextOffset: number }>(
    'SELECT next_offset AS "nextOffset" FROM features.checkpoints WHERE consumer_group = $1 AND topic = $2 AND partition = $3',
    [group, topic, partition],
  );
  return row?.nextOffset;
}

/** Offsets between the two whose messages wait in the parking: they are folded when they are redriven, not before. */
export async function parkedOffsets(
  db: Queryable,
  group: string,
  { topic, partition }: TopicPartition,
  from: number,
): Promise<Set<number>> {
  const rows = await db.query<{ offset: number }>(
    'SELECT "offset" FROM features.parked_messages WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND "offset" >= $4',
    [group, topic, partition, from],
  );
  return new Set(rows.map(({ offset }) => offset));
}

/** A view's row after its progress was moved on. */
export type Idle = Pick<ViewPosition, 'view' | 'progress' | 'onlineOffset'>;

/**
 * A live source in which nothing happens: what views that stand at `position` hold is complete until the end of the quiet span, where it
 * was complete at its beginning. Answers those.
 */
export async function advanceIdle(
  db: Queryable,
  views: readonly string[],
  { topic, partition }: TopicPartition,
  { position, quiet }: { readonly position: number; readonly quiet: QuietSpan },
): Promise<Idle[]> {
  return db.query<Idle>(
    `UPDATE features.view_positions SET progress = GREATEST(progress, $6::bigint)
     WHERE view = ANY($1::text[]) AND topic = $2 AND partition = $3 AND next_offset = $4 AND progress >= $5
     RETURNING view, progress, online_offset AS "onlineOffset"`,
    [views, topic, partition, position, quiet.after, quiet.until],
  );
}

export async function readPositions(db: Queryable, views: readonly string[]): Promise<ViewPosition[]> {
  if (views.length === 0) return [];
  return db.query<ViewPosition>(
    `SELECT ${COLUMNS} FROM features.view_positions WHERE view = ANY($1::text[]) ORDER BY view, topic, partition`,
    [views],
  );
}

/** Said when positions were settled, so that other processes look again. The payload is the sender. */
export const PROGRESS_CHANNEL = 'features_progress';
/** Names this process on the channel. */
export const SENDER = randomUUID();

/** The positions, told to the other processes in the same round trip. */
export async function announcePositions(db: Queryable, views: readonly string[]): Promise<ViewPosition[]> {
  return db.query<ViewPosition>(
    `WITH told AS MATERIALIZED (SELECT pg_notify('${PROGRESS_CHANNEL}', $2)::text)
     SELECT ${COLUMNS} FROM features.view_positions, told WHERE view = ANY($1::text[]) ORDER BY view, topic, partition`,
    [views, SENDER],
  );
}

/** What was offered to the online store: a view's rows up to a position, and the progress that belongs to it. */
export interface Settlement extends TopicPartition {
  readonly view: string;
  readonly offset: number;
  readonly progress: number | null;
}

/** Which online store has taken rows; `whole`: all of the view's, whatever it held before. */
export interface Taken {
  readonly mark: string;
  readonly whole: boolean;
}

/**
 * Writes down that rows were offered, and when `taken` that the online store has them; not of a position that speaks of another store.
 * Not waiting for the disk: after a crash of the database it is done again.
 */
export async function settlePositions(db: Queryable, settlements: readonly Settlement[], taken?: Taken): Promise<void> {
  await db.query(taken === undefined ? OFFERED : TAKEN, [
    settlements.map(({ view }) => view),
    settlements.map(({ topic }) => topic),
    settlements.map(({ partition }) => partition),
    settlements.map(({ offset }) => offset),
    settlements.map(({ progress }) => progress),
    ...(taken === undefined ? [] : [taken.mark, taken.whole]),
  ]);
}

/** Locked in one order, as in `moveViews`. */
const HELD = `
WITH held AS MATERIALIZED (
  SELECT p.view, p.topic, p.partition, s."offset", s.progress FROM features.view_positions p
  JOIN unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[]) AS s(view, topic, partition, "offset", progress)
    ON p.view = s.view AND p.topic = s.topic AND p.partition = s.partition
  WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off' ORDER BY p.view, p.topic, p.partition FOR UPDATE OF p)`;
const SAME = 'FROM held h WHERE p.view = h.view AND p.topic = h.topic AND p.partition = h.partition';
const OFFERED = `${HELD} UPDATE features.view_positions p SET settled = GREATEST(p.settled, h.progress) ${SAME}`;
const TAKEN = `${HELD}
UPDATE features.view_positions p SET settled = GREATEST(p.settled, h.progress), online = GREATEST(p.online, h.progress),
  online_offset = GREATEST(p.online_offset, h."offset"), online_at = now(), online_mark = $6
${SAME} AND ($7::boolean OR p.online_mark = $6 OR p.online_at IS NULL)`;

/** Every view that has positions, also those that are no longer in force. */
export async function knownViews(db: Queryable): Promise<string[]> {
  return (await db.query<{ view: string }>('SELECT DISTINCT view FROM features.view_positions ORDER BY view')).map(({ view }) => view);
}

export async function deletePositions(db: Queryable, view: string): Promise<void> {
  await db.query('DELETE FROM features.view_positions WHERE view = $1', [view]);
}
