import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { Listener } from './listener.ts';
import type { Listen } from './listener.ts';
import { runStatement, type Database } from './run-statement.ts';
import { isStalePreparation, LostConnection, sqlState } from './sql-errors.ts';
import { StatementNames } from './statement-names.ts';
import { Transaction } from './transaction.ts';
import { describeUrl } from './url.ts';

/**
 * Something that runs one SQL statement and answers with its rows: a database, or a transaction in it.
 * Always the rows, also of `UPDATE … RETURNING`; an empty array where a statement has none.
 * int8 arrives as a number (beyond 2^53 it is an error: cast it to text), numeric as text, timestamptz as a Date, json(b) parsed.
 * Throws `LostConnection` when the connection broke, `SqlError` (with the SQLSTATE) when PostgreSQL refused.
 */
export interface Queryable {
  query<R = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<R[]>;
}

/** How often a transaction is tried again after a deadlock or a serialisation failure: each retry finds fewer rivals. */
const MAX_RETRIES = 5;
/** First back-off in milliseconds; doubles with each retry, and a random part keeps rivals from meeting again. */
const FIRST_BACKOFF_MS = 5;
const RETRYABLE = new Set(['40001', '40P01']);
/** What still runs after this long is broken off, so that a process can end. */
const CLOSE_PATIENCE_MS = 10_000;
/** PostgreSQL refuses payloads of 8,000 bytes and more. */
const MAX_PAYLOAD_BYTES = 7_999;

/** What the owner of an embedded server adds. */
export interface ServerOwner {
  /** Runs after the last connection is closed. */
  readonly onClose?: () => Promise<void>;
  /** While the server cannot run: why, and what to do. */
  readonly whyAway?: () => string | undefined;
}

/** One PostgreSQL database behind a pool of connections. Opened by `openSql`. */
export class Sql implements Queryable {
  readonly #source: DataSource;
  readonly #database: Database;
  readonly #owner: ServerOwner;
  readonly #listener: Listener;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #closed = false;

  /** `url` holds the password: never log it, log `where`. */
  constructor(
    source: DataSource,
    readonly url: string,
    owner: ServerOwner = {},
  ) {
    this.#source = source;
    this.#database = { where: describeUrl(url), statements: new StatementNames() };
    this.#owner = owner;
    this.#listener = new Listener(url);
  }

  /** host:port/database, fit for logs. */
  get where(): string {
    return this.#database.where;
  }

  /** Runs one statement on a pooled connection, outside any transaction. */
  query<R = Record<string, unknown>>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    return this.#track(() => this.#runAlone<R>(text, params));
  }

  async #runAlone<R>(text: string, params: readonly unknown[]): Promise<R[]> {
    try {
      return await this.#runOnce<R>(text, params);
    } catch (error) {
      if (!isStalePreparation(error)) throw error;
      return await this.#runOnce<R>(text, params);
    }
  }

  async #runOnce<R>(text: string, params: readonly unknown[]): Promise<R[]> {
    const runner = this.#source.createQueryRunner();
    try {
      return await runStatement<R>(runner, text, params, this.#database);
    } finally {
      await runner.release();
    }
  }

  /**
   * Runs `work` in one transaction (read committed): commits when it returns, rolls back when it throws.
   * After a deadlock (40P01), a serialisation failure (40001) or a stale preparation it runs again, at most 5 times, so `work` must be safe to call again:
   * no side effects outside the transaction. A statement whose failure `work` swallows fails the commit; nothing is half applied.
   */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return this.#track(() => this.#runTransaction(work));
  }

  async #runTransaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await Transaction.run(this.#source, this.#database, work);
      } catch (error) {
        if (retries >= MAX_RETRIES || !mayRetry(error)) throw error;
        await delay(FIRST_BACKOFF_MS * 2 ** retries * (0.5 + Math.random()));
      }
    }
  }

  /**
   * Calls `heard` for each notification on `channel`, over a connection of its own that heals itself. After every reconnect
   * `heard(undefined)` is called once: something may have been missed. Resolves when listening has begun; answers how to stop.
   */
  async listen(channel: string, heard: Listen): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, heard);
  }

  /** Sends `payload` (at most 7,999 bytes) to everyone listening on `channel`. Inside a transaction use `SELECT pg_notify(…)`. */
  async notify(channel: string, payload = ''): Promise<void> {
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES) {
      throw new RangeError(
        `A notification on "${channel}" has ${Buffer.byteLength(payload)} bytes and PostgreSQL carries at most ${MAX_PAYLOAD_BYTES}: send a key instead.`,
      );
    }
    await this.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  /** The same text for two URLs exactly when both name the same database of the same server. */
  async identity(): Promise<string> {
    const [row] = await this.query<{ identity: string }>(
      `SELECT system_identifier::text || '/' || current_database() AS identity FROM pg_control_system()`,
    );
    if (row === undefined) throw new Error(`PostgreSQL at ${this.where} did not tell its system identifier.`);
    return row.identity;
  }

  /** Waits for running queries and transactions, at most 10 seconds, then closes every connection. Calling it again is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    await this.#listener.close();
    await Promise.race([this.#drain(), delay(CLOSE_PATIENCE_MS, undefined, { ref: false })]);
    this.#closed = true;
    await this.#source.destroy();
    await this.#owner.onClose?.();
  }

  /** What running work starts while it ends is waited for, too. */
  async #drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error(`The database ${this.where} was closed by this process: nothing can be asked of it any more.`);
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      const why = error instanceof LostConnection ? this.#owner.whyAway?.() : undefined;
      throw why === undefined ? error : (error as LostConnection).because(why);
    } finally {
      this.#running.delete(running);
    }
  }
}

const mayRetry = (error: unknown): boolean => RETRYABLE.has(sqlState(error) ?? '') || isStalePreparation(error);
