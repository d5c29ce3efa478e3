import type { FailureRecord } from './failure-record.ts';
import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';
import { storableKey, storableText } from './storable-text.ts';

/** What a key belongs to: one consumer group's reading of one topic. */
export interface Lane {
  group: string;
  topic: string;
}

export interface MessageToPark {
  /** Any text: it is stored as `storableKey` makes it. */
  key: string;
  partition: number;
  offset: number;
  /** Opaque text from which the message can be handled later. */
  message: string;
}

export interface ParkedMessage extends MessageToPark {
  id: number;
  parkedAt: Date;
}

export interface ParkedKey {
  key: string;
  reason: string;
  parkedAt: Date;
  messages: number;
}

/**
 * Keys that wait because one of their messages could not be handled, so that all other keys flow on. A parked key's later messages
 * queue behind the bad one; they are handled again in order before the key's live messages.
 */
export class Parking {
  readonly #keys: string;
  readonly #messages: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#keys = `${schemaName(schema)}.parked_keys`;
    this.#messages = `${schemaName(schema)}.parked_messages`;
  }

  /** Which of `keys` are parked. Holds them until the transaction ends, so that none is released between this look and the commit. */
  async parkedAmong(tx: Queryable, { group, topic }: Lane, keys: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ key: string }>(
      `SELECT key FROM ${this.#keys} WHERE consumer_group = $1 AND topic = $2 AND key = ANY($3::text[]) ORDER BY key FOR SHARE`,
      [group, topic, [...new Set(keys.map(storableKey))]],
    );
    const parked = new Set(rows.map(({ key }) => key));
    return new Set(parked.size === 0 ? [] : keys.filter((key) => parked.has(storableKey(key))));
  }

  /** Parks a key; the first failure stays. */
  async parkKey(tx: Queryable, { group, topic }: Lane, key: string, failure: FailureRecord): Promise<void> {
    await tx.query(
      `INSERT INTO ${this.#keys} (consumer_group, topic, key, reason, error_code, stack, attempts, parked_at, last_failed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now()) ON CONFLICT DO NOTHING`,
      [group, topic, storableKey(key), ...failureValues(failure), failure.attempts ?? 1],
    );
  }

  /** A parked key whose oldest message failed again shows why. */
  async failedAgain(sql: Queryable, { group, topic }: Lane, key: string, failure: FailureRecord): Promise<void> {
    await sql.query(
      `UPDATE ${this.#keys} SET reason = $4, error_code = $5, stack = $6, attempts = coalesce(attempts, 1) + 1, last_failed_at = now()
       WHERE consumer_group = $1 AND topic = $2 AND key = $3`,
      [group, topic, storableKey(key), ...failureValues(failure)],
    );
  }

  /** Queues messages of parked keys, in the given order. A message that is queued already (same partition and offset) is left alone. */
  async queue(tx: Queryable, { group, topic }: Lane, messages: readonly MessageToPark[]): Promise<void> {
    await tx.query(
      `INSERT INTO ${this.#messages} (consumer_group, topic, key, partition, "offset", message, parked_at)
       SELECT $1, $2, m.key, m.partition, m."offset", m.message, now()
       FROM unnest($3::text[], $4::int[], $5::bigint[], $6::text[]) WITH ORDINALITY AS m(key, partition, "offset", message, rank)
       ORDER BY m.rank ON CONFLICT (consumer_group, topic, partition, "offset") DO NOTHING`,
      [
        group,
        topic,
        messages.map(({ key }) => storableKey(key)),
        messages.map(({ partition }) => partition),
        messages.map(({ offset }) => offset),
        messages.map(({ message }) => storableText(message)),
      ],
    );
  }

  /** The oldest queued messages of a key. Locks the key, so that nobody else handles or queues it until the transaction ends. */
  async oldest(tx: Queryable, { group, topic }: Lane, key: string, limit: number): Promise<ParkedMessage[]> {
    const lane = [group, topic, storableKey(key)];
    await this.#lockKey(tx, lane);
    return tx.query<ParkedMessage>(
      `SELECT id, key, partition, "offset", message, parked_at AS "parkedAt" FROM ${this.#messages}
       WHERE consumer_group = $1 AND topic = $2 AND key = $3 ORDER BY id LIMIT $4`,
      [...lane, limit],
    );
  }

  /** Takes handled messages out of the queue. */
  async remove(tx: Queryable, ids: readonly number[]): Promise<void> {
    await tx.query(`DELETE FROM ${this.#messages} WHERE id = ANY($1::bigint[])`, [ids]);
  }

  /**
   * Lets a key flow again once its queue is empty; answers whether it does. Only in a transaction: the key is locked first, and the
   * second statement then sees what a batch queued that held the key until now.
   */
  async release(tx: Queryable, { group, topic }: Lane, key: string): Promise<boolean> {
    const lane = [group, topic, storableKey(key)];
    await this.#lockKey(tx, lane);
    const released = await tx.query(
      `DELETE FROM ${this.#keys} k WHERE consumer_group = $1 AND topic = $2 AND key = $3
       AND NOT EXISTS (SELECT 1 FROM ${this.#messages} m WHERE m.consumer_group = $1 AND m.topic = $2 AND m.key = $3) RETURNING 1`,
      lane,
    );
    return released.length > 0;
  }

  /** How many keys were parked at or after `since`: many at once mean a fault of the code, not of the messages. */
  async countSince(sql: Queryable, { group, topic }: Lane, since: Date): Promise<number> {
    const [row] = await sql.query<{ keys: number }>(
      `SELECT count(*) AS keys FROM ${this.#keys} WHERE consumer_group = $1 AND topic = $2 AND parked_at >= $3`,
      [group, topic, since],
    );
    return row?.keys ?? 0;
  }

  /** The parked keys of a lane with the length of their queues, the oldest first. */
  async list(sql: Queryable, { group, topic }: Lane, limit: number): Promise<ParkedKey[]> {
    return sql.query<ParkedKey>(
      `SELECT k.key, k.reason, k.parked_at AS "parkedAt",
         (SELECT count(*) FROM ${this.#messages} m WHERE (m.consumer_group, m.topic, m.key) = (k.consumer_group, k.topic, k.key)) AS messages
       FROM ${this.#keys} k WHERE k.consumer_group = $1 AND k.topic = $2 ORDER BY k.parked_at, k.key LIMIT $3`,
      [group, topic, limit],
    );
  }

  async #lockKey(tx: Queryable, lane: readonly string[]): Promise<void> {
    await tx.query(`SELECT 1 FROM ${this.#keys} WHERE consumer_group = $1 AND topic = $2 AND key = $3 FOR UPDATE`, lane);
  }
}

function failureValues({ reason, code, stack }: FailureRecord): (string | null)[] {
  return [reason, code, stack].map((text) => (text === undefined ? null : storableText(text)));
}
