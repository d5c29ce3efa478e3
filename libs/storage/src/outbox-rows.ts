import { OUTBOX_SHARDS, type OutboxMessage, type SetAsideMessage } from './outbox.ts';
import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';

/** The shards in which messages wait: those that the caller's transaction has locked now, and whether others have the rest. */
export interface LockedShards {
  readonly mine: readonly number[];
  readonly others: boolean;
}

/** Which messages are looked at. */
export interface Window {
  /** Destinations that are left out. */
  readonly paused: readonly string[];
  /** Most messages of a shard, but for the rest of the last pack. */
  readonly limit: number;
}

/** Of a shard at once: what a relay holds in memory is bounded, however large the messages are. */
const MOST_BYTES = 4_000_000;

export interface NumberedMessage extends OutboxMessage {
  /** With it the shard's part is full: there may be more. */
  readonly isLast: boolean;
}

/** The relay's statements. Each touches many shards at once: a statement for each would cost more than what it does. */
export class OutboxRows {
  readonly #schema: string;

  constructor(schema: string) {
    this.#schema = schemaName(schema);
  }

  /** Never waits. PostgreSQL frees the locks with the transaction, also that of a killed process. */
  async lock(tx: Queryable): Promise<LockedShards> {
    const rows = await tx.query<{ shard: number; mine: boolean }>(
      `SELECT shard, pg_try_advisory_xact_lock(hashtextextended($1, shard)) AS mine
       FROM (SELECT shard FROM generate_series(0, ${OUTBOX_SHARDS - 1}) AS shard
             WHERE EXISTS (SELECT FROM ${this.#schema}.outbox o WHERE o.shard = shard.shard) OFFSET 0) waiting`,
      [`roofshot outbox ${this.#schema}`],
    );
    return { mine: rows.filter(({ mine }) => mine).map(({ shard }) => shard), others: rows.some(({ mine }) => !mine) };
  }

  /** What may leave: in each shard the first ones that have a number, in its order, but for those to `paused`. */
  numbered(tx: Queryable, shards: readonly number[], { paused, limit }: Window): Promise<NumberedMessage[]> {
    return tx.query<NumberedMessage>(
      `SELECT id, o.shard, sequence, size, kind, destination, message_id AS "messageId", payload, created_at AS "createdAt",
         upto >= $2 OR bytes >= ${MOST_BYTES} AS "isLast"
       FROM unnest($1::int[]) AS s(shard) CROSS JOIN LATERAL (
         SELECT *, sum(size) OVER w AS upto, sum(octet_length(payload)) OVER w AS bytes FROM (
           SELECT * FROM ${this.#schema}.outbox WHERE shard = s.shard AND sequence IS NOT NULL AND destination <> ALL ($3) ORDER BY sequence LIMIT $2
         ) first WINDOW w AS (ORDER BY sequence)
       ) o WHERE upto - size < $2 AND bytes - octet_length(payload) < ${MOST_BYTES} ORDER BY o.shard, sequence`,
      [shards, limit, paused],
    );
  }

  /**
   * Numbers the next ones of each shard; answers how many. A message that commits late may have a lower id than one that was sent: ids
   * cannot tell the order of sending. Numbers are microseconds since 1970, or the next free one: above all that the stream has ever
   * sent, also by a database that a backup has put back in time and that no longer knows what it sent since. A pack draws one for each
   * of its messages.
   */
  async number(tx: Queryable, shards: readonly number[], { paused, limit }: Window): Promise<number> {
    const rows = await tx.query(
      `WITH waiting AS (
         SELECT s.shard, o.id, o.size, sum(o.size) OVER (PARTITION BY s.shard ORDER BY o.id) AS upto
         FROM unnest($1::int[]) AS s(shard) CROSS JOIN LATERAL (
           SELECT id, size FROM ${this.#schema}.outbox WHERE shard = s.shard AND sequence IS NULL AND destination <> ALL ($3) ORDER BY id LIMIT $2
         ) o
       ),
       counted AS (SELECT shard, sum(size)::bigint AS n FROM waiting GROUP BY shard),
       drawn AS (
         INSERT INTO ${this.#schema}.outbox_streams AS stream (shard, last_sequence)
         SELECT shard, floor(extract(epoch FROM clock_timestamp()) * 1e6) + n FROM counted
         ON CONFLICT (shard) DO UPDATE
         SET last_sequence = greatest(excluded.last_sequence, stream.last_sequence + (SELECT n FROM counted c WHERE c.shard = stream.shard))
         RETURNING shard, last_sequence
       )
       UPDATE ${this.#schema}.outbox o SET sequence = drawn.last_sequence - counted.n + waiting.upto - waiting.size + 1
       FROM waiting JOIN counted USING (shard) JOIN drawn USING (shard) WHERE o.id = waiting.id RETURNING 1`,
      [shards, limit, paused],
    );
    return rows.length;
  }

  async remove(tx: Queryable, messages: readonly OutboxMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await tx.query(`DELETE FROM ${this.#schema}.outbox WHERE id = ANY($1::bigint[])`, [messages.map(({ id }) => id)]);
  }

  /** By their ids, why. */
  async setAside(tx: Queryable, aside: readonly (SetAsideMessage & { readonly id: number })[]): Promise<void> {
    if (aside.length === 0) return;
    await tx.query(
      `WITH gone AS (DELETE FROM ${this.#schema}.outbox WHERE id = ANY($1::bigint[]) RETURNING *)
       INSERT INTO ${this.#schema}.outbox_set_aside (id, shard, destination, kind, message_id, payload, created_at, reason, set_aside_at)
       SELECT g.id, g.shard, g.destination, g.kind, g.message_id, g.payload, g.created_at, a.reason, now()
       FROM gone g JOIN unnest($1::bigint[], $2::text[]) AS a(id, reason) ON a.id = g.id`,
      [aside.map(({ id }) => id), aside.map(({ reason }) => reason)],
    );
  }

  /** Packs become single messages in their places, so that each can be looked at by itself. */
  async unpack(tx: Queryable, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    await tx.query(
      `WITH packs AS (DELETE FROM ${this.#schema}.outbox WHERE id = ANY($1::bigint[]) RETURNING *)
       INSERT INTO ${this.#schema}.outbox (shard, kind, message_id, payload, destination, created_at, sequence)
       SELECT p.shard, p.kind, p.message_id || '/' || m.rank, m.payload::text, p.destination, p.created_at, p.sequence + m.rank - 1
       FROM packs p CROSS JOIN LATERAL json_array_elements(p.payload::json) WITH ORDINALITY AS m(payload, rank)`,
      [ids],
    );
  }
}
