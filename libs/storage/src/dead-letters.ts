import type { Lane, MessageToPark } from './parking.ts';
import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';
import { storableText } from './storable-text.ts';

export interface NewDeadLetter extends MessageToPark {
  reason: string;
}

export interface DeadLetter extends NewDeadLetter, Lane {
  id: number;
  diedAt: Date;
}

/** Messages that no further try can help: unreadable, against their contract, or refused by the handler. Kept until someone decides. */
export class DeadLetters {
  readonly #table: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#table = `${schemaName(schema)}.dead_letters`;
  }

  /** Writes them down in the transaction that moves past them. One that is there already (same partition and offset) keeps its first reason. */
  async add(tx: Queryable, { group, topic }: Lane, letters: readonly NewDeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    await tx.query(
      `INSERT INTO ${this.#table} (consumer_group, topic, partition, "offset", key, message, reason, died_at)
       SELECT $1, $2, m.partition, m."offset", m.key, m.message, m.reason, now()
       FROM unnest($3::int[], $4::bigint[], $5::text[], $6::text[], $7::text[]) AS m(partition, "offset", key, message, reason)
       ON CONFLICT (consumer_group, topic, partition, "offset") DO NOTHING`,
      [
        group,
        topic,
        letters.map(({ partition }) => partition),
        letters.map(({ offset }) => offset),
        letters.map(({ key }) => storableText(key)),
        letters.map(({ message }) => storableText(message)),
        letters.map(({ reason }) => storableText(reason)),
      ],
    );
  }

  /** The oldest first; all groups and topics where none is named. */
  async list(sql: Queryable, lane: Partial<Lane>, limit: number): Promise<DeadLetter[]> {
    return sql.query<DeadLetter>(
      `SELECT id, consumer_group AS "group", topic, partition, "offset", key, message, reason, died_at AS "diedAt" FROM ${this.#table}
       WHERE ($1::text IS NULL OR consumer_group = $1) AND ($2::text IS NULL OR topic = $2) ORDER BY id LIMIT $3`,
      [lane.group ?? null, lane.topic ?? null, limit],
    );
  }

  /** Takes one out, to be handled again in the same transaction; undefined when it is not there (any more). */
  async take(tx: Queryable, id: number): Promise<DeadLetter | undefined> {
    const [letter] = await tx.query<DeadLetter>(
      `DELETE FROM ${this.#table} WHERE id = $1
       RETURNING id, consumer_group AS "group", topic, partition, "offset", key, message, reason, died_at AS "diedAt"`,
      [id],
    );
    return letter;
  }
}
