import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';
import { storableKey } from './storable-text.ts';

/** Remembers which messages were handled, for handlers whose work has no natural key of its own. */
export class Inbox {
  readonly #table: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#table = `${schemaName(schema)}.inbox`;
  }

  /**
   * True the first time, false when this consumer has already handled the message. Call it first in the transaction that does the work:
   * a rival with the same message waits here until the other has committed or rolled back.
   */
  async recordOnce(tx: Queryable, consumer: string, messageId: string): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO ${this.#table} VALUES ($1, $2, now()) ON CONFLICT (consumer, message_id) DO NOTHING RETURNING 1`,
      [storableKey(consumer), storableKey(messageId)],
    );
    return rows.length > 0;
  }

  /** Forgets messages that were received before `before`, which is therefore the horizon of recognising a repetition. Answers how many. */
  async forget(sql: Queryable, before: Date): Promise<number> {
    const [row] = await sql.query<{ forgotten: number }>(
      `WITH gone AS (DELETE FROM ${this.#table} WHERE received_at < $1 RETURNING 1) SELECT count(*) AS forgotten FROM gone`,
      [before],
    );
    return row?.forgotten ?? 0;
  }
}
