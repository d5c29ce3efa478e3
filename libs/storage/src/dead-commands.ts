import { dateOf, type FailureRecord } from './failure-record.ts';
import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';
import { storableKey, storableText } from './storable-text.ts';

/** A command by which its queue and its consumer's inbox recognise it. */
export interface CommandKey {
  readonly queue: string;
  readonly id: string;
}

export interface NewDeadCommand extends CommandKey, FailureRecord {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
  readonly attempts: number;
  /** Epoch milliseconds; default the database's present time. */
  readonly diedAt?: number;
}

/** One that is to be sent again. */
export interface DeadCommandRow extends CommandKey {
  /** Of the letter. */
  readonly letter: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
  /** Whether a delivery since has handled it. */
  readonly isHandled: boolean;
}

interface Row extends Omit<DeadCommandRow, 'headers'> {
  readonly headers: string;
}

/** Where a letter that was sent again stands; one that is not there (any more) was handled, or purged. */
export interface DeadCommandState {
  readonly letter: number;
  readonly reason: string;
  readonly code: string | null;
  readonly isUnderWay: boolean;
}

/**
 * Commands that their handler refused, or that failed too often, in the database of the service that handles them: there they can be
 * looked at and sent again in one transaction, whatever the queue. A command that was handled has no letter: see `recordOnce`.
 */
export class DeadCommands {
  readonly #table: string;
  readonly #inbox: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#table = `${schemaName(schema)}.dead_commands`;
    this.#inbox = `${schemaName(schema)}.inbox`;
  }

  /**
   * As `Inbox.recordOnce` of a command: true the first time. In the same round trip its letter goes: it is handled now, however it came
   * again; when the transaction is rolled back both are as before.
   */
  async recordOnce(tx: Queryable, consumer: string, command: CommandKey): Promise<boolean> {
    const rows = await tx.query(
      `WITH letter AS (DELETE FROM ${this.#table} WHERE command_key = $2)
       INSERT INTO ${this.#inbox} VALUES ($1, $2, now()) ON CONFLICT (consumer, message_id) DO NOTHING RETURNING 1`,
      [storableKey(consumer), inboxIdOf(command)],
    );
    return rows.length > 0;
  }

  /**
   * Keeps commands that died. One that is there already gets its new failure and stays the same letter; what is told again of a death
   * that is known, or of a command that `consumer` has handled since, changes nothing.
   */
  async keep(sql: Queryable, consumer: string, commands: readonly NewDeadCommand[]): Promise<void> {
    for (const command of commands) {
      const { queue, id, headers, payload, reason, code, stack } = command;
      const texts = [
        headers['type'],
        JSON.stringify(headers),
        payload,
        headers['correlationid'],
        headers['traceparent'],
        reason,
        code,
        stack,
      ];
      await sql.query(
        `INSERT INTO ${this.#table} AS kept (command_key, queue, command_id, command_type, headers, payload, correlation_id, traceparent,
           reason, error_code, stack, attempts, first_failed_at, died_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($13::timestamptz, $14::timestamptz, now()), coalesce($14::timestamptz, now())
         WHERE NOT EXISTS (SELECT FROM ${this.#inbox} WHERE consumer = $15 AND message_id = $1)
         ON CONFLICT (command_key) DO UPDATE SET headers = EXCLUDED.headers, payload = EXCLUDED.payload, reason = EXCLUDED.reason,
           error_code = EXCLUDED.error_code, stack = EXCLUDED.stack, attempts = EXCLUDED.attempts, died_at = EXCLUDED.died_at, redriven_at = NULL
         WHERE kept.died_at < EXCLUDED.died_at`,
        [
          inboxIdOf(command),
          queue,
          storableText(id),
          ...texts.map((text) => (text === undefined ? null : storableText(text))),
          command.attempts,
          dateOf(command.firstFailedAt),
          dateOf(command.diedAt),
          storableKey(consumer),
        ],
      );
    }
  }

  /** Holds letters to be sent again until the transaction ends, in the order of their numbers. Those that are gone are not among them. */
  async take(tx: Queryable, consumer: string, letters: readonly number[]): Promise<DeadCommandRow[]> {
    const rows = await tx.query<Row>(
      `SELECT d.id AS letter, d.queue, d.command_id AS id, d.headers, d.payload,
         EXISTS (SELECT FROM ${this.#inbox} i WHERE i.consumer = $2 AND i.message_id = d.command_key) AS "isHandled"
       FROM ${this.#table} d WHERE d.id = ANY($1::bigint[]) ORDER BY d.id FOR UPDATE OF d`,
      [letters, storableKey(consumer)],
    );
    return rows.map((row) => ({ ...row, headers: JSON.parse(row.headers) as Record<string, string> }));
  }

  /** Letters whose commands were sent again in this transaction stay until the outcome is known. */
  async markSent(tx: Queryable, letters: readonly number[]): Promise<void> {
    await tx.query(`UPDATE ${this.#table} SET redriven_at = now() WHERE id = ANY($1::bigint[])`, [letters]);
  }

  /** Answers which of them were there. */
  async remove(tx: Queryable, letters: readonly number[]): Promise<number[]> {
    const rows = await tx.query<{ id: number }>(`DELETE FROM ${this.#table} WHERE id = ANY($1::bigint[]) RETURNING id`, [letters]);
    return rows.map(({ id }) => id);
  }

  /** Of those that are there. */
  async states(sql: Queryable, letters: readonly number[]): Promise<DeadCommandState[]> {
    return sql.query<DeadCommandState>(
      `SELECT id AS letter, reason, error_code AS code, redriven_at IS NOT NULL AS "isUnderWay" FROM ${this.#table} WHERE id = ANY($1::bigint[])`,
      [letters],
    );
  }
}

/** As delivery has always named a command in the inbox. */
const inboxIdOf = ({ queue, id }: CommandKey): string => storableKey(`${queue}/${id}`);
