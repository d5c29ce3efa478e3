import { dateOf, type FailureRecord } from './failure-record.ts';
import type { Lane, MessageToPark } from './parking.ts';
import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';
import { storableText } from './storable-text.ts';

export interface NewDeadLetter extends MessageToPark, FailureRecord {
  /** What is known of the event, as far as it can be read. */
  readonly eventId?: string;
  readonly eventType?: string;
  readonly correlationId?: string;
  readonly traceparent?: string;
}

export interface DeadLetter extends MessageToPark, Lane {
  id: number;
  reason: string;
  diedAt: Date;
}

const COLUMNS = `id, consumer_group AS "group", topic, partition, "offset", key, message, reason, died_at AS "diedAt"`;

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
      `INSERT INTO ${this.#table} (consumer_group, topic, partition, "offset", key, message, event_id, event_type, correlation_id, traceparent,
         reason, error_code, stack, attempts, first_failed_at, died_at)
       SELECT $1, $2, m.partition, m."offset", m.key, m.message, m.event_id, m.event_type, m.correlation_id, m.traceparent,
         m.reason, m.code, m.stack, m.attempts, coalesce(m.first_failed_at, now()), now()
       FROM unnest($3::int[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
         $13::text[], $14::int[], $15::timestamptz[])
         AS m(partition, "offset", key, message, event_id, event_type, correlation_id, traceparent, reason, code, stack, attempts, first_failed_at)
       ON CONFLICT (consumer_group, topic, partition, "offset") DO NOTHING`,
      [
        group,
        topic,
        letters.map(({ partition }) => partition),
        letters.map(({ offset }) => offset),
        letters.map(({ key }) => storableText(key)),
        letters.map(({ message }) => storableText(message)),
        ...[
          letters.map(({ eventId }) => eventId),
          letters.map(({ eventType }) => eventType),
          letters.map(({ correlationId }) => correlationId),
          letters.map(({ traceparent }) => traceparent),
          letters.map(({ reason }) => reason),
          letters.map(({ code }) => code),
          letters.map(({ stack }) => stack),
        ].map((texts) => texts.map(storableOrNull)),
        letters.map(({ attempts = 1 }) => attempts),
        letters.map(({ firstFailedAt }) => dateOf(firstFailedAt)),
      ],
    );
  }

  /** The oldest first; all groups and topics where none is named. */
  async list(sql: Queryable, lane: Partial<Lane>, limit: number): Promise<DeadLetter[]> {
    return sql.query<DeadLetter>(
      `SELECT ${COLUMNS} FROM ${this.#table}
       WHERE ($1::text IS NULL OR consumer_group = $1) AND ($2::text IS NULL OR topic = $2) ORDER BY id LIMIT $3`,
      [lane.group ?? null, lane.topic ?? null, limit],
    );
  }

  /** Takes one out, to be handled again in the same transaction; undefined when it is not there (any more). */
  async take(tx: Queryable, id: number): Promise<DeadLetter | undefined> {
    const [letter] = await tx.query<DeadLetter>(`DELETE FROM ${this.#table} WHERE id = $1 RETURNING ${COLUMNS}`, [id]);
    return letter;
  }

  /** Answers which of them were there. */
  async remove(tx: Queryable, ids: readonly number[]): Promise<number[]> {
    const rows = await tx.query<{ id: number }>(`DELETE FROM ${this.#table} WHERE id = ANY($1::bigint[]) RETURNING id`, [ids]);
    return rows.map(({ id }) => id);
  }

  /** One that was handled again in vain stays, with its new failure. Nothing happens where it is not there any more. */
  async failedAgain(sql: Queryable, id: number, { reason, code, stack }: FailureRecord): Promise<void> {
    await sql.query(
      `UPDATE ${this.#table} SET reason = $2, error_code = $3, stack = $4, attempts = coalesce(attempts, 1) + 1,
         first_failed_at = coalesce(first_failed_at, died_at), died_at = now() WHERE id = $1`,
      [id, storableText(reason), storableOrNull(code), storableOrNull(stack)],
    );
  }
}

const storableOrNull = (text: string | undefined): string | null => (text === undefined ? null : storableText(text));
