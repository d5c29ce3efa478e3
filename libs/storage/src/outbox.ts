import { hash, randomUUID } from 'node:crypto';
import { schemaName } from './schema-name.ts';
import type { Queryable, Sql } from './sql.ts';

/**
 * Into how many independently ordered streams a schema's outbox is divided. Fixed: with another number a key's waiting messages and
 * its new ones would lie in different streams and overtake each other.
 */
export const OUTBOX_SHARDS = 8;

/** Of one statement. */
const MOST_ROWS = 100;
const COLUMNS = ['shard', 'kind', 'message_id', 'payload', 'destination', 'size'] as const;

export interface NewOutboxMessage {
  /** Messages of one key leave in the order in which their transactions committed. */
  key: string;
  kind: 'event' | 'command';
  /** The topic or queue. While it refuses messages, those to others go on; a key's messages all go to one. */
  destination: string;
  /** JSON text that the publisher understands; of a pack: an array of so many. */
  payload: string;
  /** How many messages it is, which leave together and in this order; default 1. A row for each would cost most of what carrying them costs. */
  size?: number;
  /** A natural id where the message has one; else a new UUID. It goes out again unchanged after a crash, so a repetition is recognised. */
  messageId?: string;
}

export interface OutboxMessage {
  id: number;
  shard: number;
  /** Ascending within the shard in the order of sending; a message that goes out again has the one it had. Of a pack: its first message's. */
  sequence: number;
  size: number;
  kind: 'event' | 'command';
  /** Empty on messages that a version before has written. */
  destination: string;
  messageId: string;
  payload: string;
  createdAt: Date;
}

/** A message that no further try can bring out of the outbox. It is kept, and holds up nobody. */
export interface SetAsideMessage {
  readonly messageId: string;
  readonly reason: string;
}

/** The notification channel on which a schema's relay is woken. */
export function outboxChannel(schema: string): string {
  return `outbox_${schemaName(schema)}`;
}

/** Messages that leave exactly if the transaction commits that said them. */
export class Outbox {
  readonly #table: string;
  readonly #channel: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#table = `${schemaName(schema)}.outbox`;
    this.#channel = outboxChannel(schema);
  }

  /**
   * Writes messages into the caller's transaction. Call it after the transaction has locked the rows that the messages are about:
   * ids are drawn here, and the row locks make their order the commit order of each key.
   */
  async enqueue(tx: Queryable, messages: readonly NewOutboxMessage[]): Promise<void> {
    for (let first = 0; first < messages.length; first += MOST_ROWS) await this.#insert(tx, messages.slice(first, first + MOST_ROWS));
  }

  /** A parameter for each value: in arrays, every quote of a payload would be escaped, and read by PostgreSQL, once more. */
  async #insert(tx: Queryable, messages: readonly NewOutboxMessage[]): Promise<void> {
    const rows = messages.map((_, row) => `(${COLUMNS.map((_column, index) => `$${row * COLUMNS.length + index + 1}`).join(', ')}, now())`);
    await tx.query(
      `INSERT INTO ${this.#table} (${COLUMNS.join(', ')}, created_at) VALUES ${rows.join(', ')}`,
      messages.flatMap(({ key, kind, messageId, payload, destination, size = 1 }) => [
        shardOf(key),
        kind,
        messageId ?? randomUUID(),
        payload,
        destination,
        size,
      ]),
    );
  }

  /**
   * Wakes the relays, in whatever process they run. Call it after the commit: a notification inside the transaction would make all
   * committing transactions of the database queue behind each other. Where it is left out, messages leave at the relay's next look.
   */
  announce(sql: Sql): Promise<void> {
    return sql.notify(this.#channel);
  }

  /** How many messages wait to leave, at most one more than `most`. */
  async waiting(sql: Queryable, most: number): Promise<number> {
    const [row] = await sql.query<{ count: number }>(
      `SELECT least(coalesce(sum(size), 0), $1)::int AS count FROM (SELECT size FROM ${this.#table} LIMIT $1) counted`,
      [most + 1],
    );
    return row?.count ?? 0;
  }

  /** What was set aside: how many messages, counted up to `most`, and why the last one was; undefined when there are none. */
  async setAside(sql: Queryable, most: number): Promise<{ count: number; reason: string } | undefined> {
    const [row] = await sql.query<{ count: number; reason: string | null }>(
      `SELECT (SELECT count(*) FROM (SELECT 1 FROM ${this.#table}_set_aside LIMIT $1) counted) AS count,
              (SELECT reason FROM ${this.#table}_set_aside ORDER BY id DESC LIMIT 1) AS reason`,
      [most],
    );
    return row?.reason === undefined || row.reason === null ? undefined : { count: row.count, reason: row.reason };
  }

  /** What waits to leave: how many messages, and since when the oldest does. */
  async pending(sql: Queryable): Promise<{ count: number; oldest: Date | undefined }> {
    const [row] = await sql.query<{ count: number; oldest: Date | null }>(
      `SELECT coalesce(sum(size), 0)::bigint AS count, min(created_at) AS oldest FROM ${this.#table}`,
    );
    return { count: row?.count ?? 0, oldest: row?.oldest ?? undefined };
  }
}

function shardOf(key: string): number {
  return hash('md5', key, 'buffer').readUInt32BE() % OUTBOX_SHARDS; // md5 only spreads the keys
}
