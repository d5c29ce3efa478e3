/**
 * The known times of live events (docs/adr/0012). Each stream has one row, and who says anything about the stream's time holds it until
 * the commit: known times rise in the order in which events come to lie on the log, by the database's clock, whichever process stamps.
 */
import type { Queryable } from '@roofshot/storage/sql';

/** While events come, a fence is said so often: a partition without events of its own is not known further than by one. */
const FENCE_EVERY_MS = 2_000;
/** A stream without events for so long is quiet. */
const QUIET_AFTER_MS = 500;
/** How far a quiet stream is known is said so often. */
const SAY_EVERY_MS = 400;

/** The time of a stream's next events. Epoch milliseconds. */
export interface Stamp {
  readonly topic: string;
  readonly known: number;
  /** Say a fence behind the events, in every partition: what comes after it is known after `known`. */
  readonly isFence: boolean;
}

/** In a stream, nothing is known after `after` and up to `until` (epoch milliseconds). */
export interface QuietSpan {
  readonly topic: string;
  /** A fence of this time lies in every partition behind all that was known until then. */
  readonly after: number;
  readonly until: number;
  /** It is to be said now, in this transaction. */
  readonly isFence: boolean;
}

const CLOCK = `floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint`;
/** Locked in one order, and the clock is read when they are. */
const HELD = `SELECT topic, known, fenced, quiet FROM ingestion.streams WHERE topic = ANY($1::text[]) ORDER BY topic FOR UPDATE`;

const STAMP = `
WITH held AS MATERIALIZED (${HELD}),
  stamped AS MATERIALIZED (SELECT topic, fenced, quiet, GREATEST(known, quiet + 1, ${CLOCK}) AS known FROM held),
  fenced AS MATERIALIZED (SELECT *, known - fenced >= $2 AS is_fence FROM stamped)
UPDATE ingestion.streams s SET known = n.known, fenced = CASE WHEN is_fence THEN n.known ELSE n.fenced END,
  quiet = CASE WHEN is_fence THEN n.known ELSE n.quiet END
FROM fenced n WHERE s.topic = n.topic RETURNING s.topic, s.known, n.is_fence AS "isFence"`;

const HUSH = `
WITH held AS MATERIALIZED (${HELD} SKIP LOCKED),
  looked AS MATERIALIZED (SELECT *, GREATEST(known, quiet, ${CLOCK}) AS now, known > fenced AS is_fence FROM held)
UPDATE ingestion.streams s SET fenced = CASE WHEN is_fence THEN now ELSE n.fenced END, quiet = now
FROM looked n WHERE s.topic = n.topic AND CASE WHEN is_fence THEN now - n.known >= $2 ELSE now - n.quiet >= $3 END
RETURNING s.topic, s.fenced AS after, s.quiet AS until, is_fence AS "isFence"`;

/**
 * Stamps what the caller's transaction is about to publish. To be called after everything that may wait: others who publish to these
 * streams wait until this transaction has ended.
 */
export async function stampStreams(tx: Queryable, topics: readonly string[]): Promise<Map<string, Stamp>> {
  if (topics.length === 0) return new Map();
  const stamp = (): Promise<Stamp[]> => tx.query<Stamp>(STAMP, [topics, FENCE_EVERY_MS]);
  let stamps = await stamp();
  if (stamps.length < topics.length) {
    await ensureStreams(tx, topics);
    stamps = await stamp();
  }
  return new Map(stamps.map((one) => [one.topic, one]));
}

/** Advances the streams in which nothing happens. One that is just published to is passed over: its events say how far it is. */
export async function hushStreams(tx: Queryable, topics: readonly string[]): Promise<QuietSpan[]> {
  return tx.query<QuietSpan>(HUSH, [topics, QUIET_AFTER_MS, SAY_EVERY_MS]);
}

/** Gives streams their rows. A new one has no fence yet. */
export async function ensureStreams(db: Queryable, topics: readonly string[]): Promise<void> {
  await db.query(
    `INSERT INTO ingestion.streams (topic, known, fenced, quiet) SELECT t, 0, -1, 0 FROM unnest($1::text[]) AS t ORDER BY t ON CONFLICT DO NOTHING`,
    [topics],
  );
}
