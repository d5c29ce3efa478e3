/** What these consumers do with an order: it adds to what its customer has ordered. Each event counts once, however often it comes. */
import { DatabaseSync } from 'node:sqlite';

/** A record of `events.<type>`, in whatever way it was read. */
export interface OrderRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Attributes of the event: `ce_id`, `ce_source`, … */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The event's data, JSON. */
  readonly value: string;
}

const TYPE = 'order.placed';
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS taken (source TEXT, id TEXT, PRIMARY KEY (source, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS totals (customer TEXT PRIMARY KEY, orders INTEGER NOT NULL, amount REAL NOT NULL);
  CREATE TABLE IF NOT EXISTS set_aside (
    topic TEXT, partition INTEGER, record_offset TEXT, reason TEXT, value TEXT, PRIMARY KEY (topic, partition, record_offset)
  );
`;

/** Any database with transactions will do: what counts is that the effect and the event's id are written together, or not at all. */
export class OrderTotals {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 5_000 });
    this.#database.exec(SCHEMA);
  }

  /** Call it before the position is committed: after a crash in between, the records come again and change nothing. */
  take(records: readonly OrderRecord[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const record of records) this.#takeOne(record);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  #takeOne(record: OrderRecord): void {
    const { ce_type: type, ce_source: source, ce_id: id, ce_subject: customer = '' } = record.headers;
    if (type !== undefined && type !== TYPE) return; // source.progressed, which says how far the stream is known, and what is to come
    if (source === undefined || id === undefined) return this.#setAside(record, 'it is no CloudEvent');
    const { changes } = this.#run('INSERT INTO taken VALUES (?, ?) ON CONFLICT DO NOTHING', source, id);
    if (changes === 0) return; // a repeat
    const amount = amountIn(record.value);
    if (amount === undefined) return this.#setAside(record, 'the amount is no number');
    this.#run(
      `INSERT INTO totals VALUES (?, 1, ?)
       ON CONFLICT DO UPDATE SET orders = orders + 1, amount = amount + excluded.amount`,
      customer,
      amount,
    );
  }

  /** What can never be handled is kept for people, so that the events behind it do not wait for ever. */
  #setAside({ topic, partition, offset, value }: OrderRecord, reason: string): void {
    this.#run('INSERT INTO set_aside VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING', topic, partition, offset, reason, value);
  }

  #run(sql: string, ...values: (string | number)[]): { readonly changes: number | bigint } {
    return this.#database.prepare(sql).run(...values);
  }
}

function amountIn(value: string): number | undefined {
  try {
    const data = JSON.parse(value) as { amount?: unknown } | null;
    return typeof data?.amount === 'number' ? data.amount : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
