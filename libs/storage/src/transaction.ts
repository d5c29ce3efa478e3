import type { DataSource, QueryRunner } from 'typeorm';
import { messageOf } from './error-code.ts';
import { discardConnection, runStatement, type Database } from './run-statement.ts';
import { describeSqlFailure, isLostConnection } from './sql-errors.ts';

/**
 * The statements of one transaction, one after the other, also when the caller does not wait between them: what `Sql.transaction`
 * hands to its work as a Queryable.
 * Remembers a failed statement: PostgreSQL answers COMMIT of a failed transaction with a silent ROLLBACK, which must not look like success.
 */
export class Transaction {
  readonly #runner: QueryRunner;
  readonly #database: Database;
  #tail: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #over = false;

  private constructor(runner: QueryRunner, database: Database) {
    this.#runner = runner;
    this.#database = database;
  }

  /** One attempt: begin, `work`, commit; roll back when anything throws. */
  static async run<T>(source: DataSource, database: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = new Transaction(source.createQueryRunner(), database);
    try {
      await tx.#begin();
      const result = await work(tx);
      await tx.#commit();
      return result;
    } catch (error) {
      await tx.#rollBack();
      throw error;
    } finally {
      tx.#over = true;
      await tx.#runner.release();
    }
  }

  query<R>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    const result = this.#tail.then(() => this.#execute<R>(text, params));
    this.#tail = result.catch(() => undefined); // the caller gets the failure; the tail only keeps the order
    return result;
  }

  async #execute<R>(text: string, params: readonly unknown[]): Promise<R[]> {
    if (this.#over) {
      throw new Error('A statement was sent after its transaction had ended. Await every tx.query before the callback returns.');
    }
    try {
      const rows = await runStatement<R>(this.#runner, text, params, this.#database);
      if (/^\s*rollback\s+to\b/i.test(text)) this.#failure = undefined;
      return rows;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  async #begin(): Promise<void> {
    try {
      await this.#runner.startTransaction();
    } catch (error) {
      throw await this.#explain(error);
    }
  }

  async #commit(): Promise<void> {
    await this.#tail;
    this.#over = true;
    if (this.#failure !== undefined) {
      throw new Error(
        `The transaction was rolled back: one of its statements had failed and the code went on (${messageOf(this.#failure)}). Use a savepoint where a failure is expected.`,
        { cause: this.#failure },
      );
    }
    try {
      await this.#runner.commitTransaction();
    } catch (error) {
      throw await this.#explain(error, true);
    }
  }

  /** A connection that cannot roll back is dead; the server rolls back by itself and the pool drops the connection. */
  async #rollBack(): Promise<void> {
    await this.#tail;
    this.#over = true;
    if (!this.#runner.isTransactionActive) return;
    try {
      await this.#runner.rollbackTransaction();
    } catch (error) {
      const failure = await this.#explain(error);
      if (!isLostConnection(failure)) throw failure;
    }
  }

  async #explain(error: unknown, inCommit = false): Promise<Error> {
    if (isLostConnection(error)) await discardConnection(this.#runner);
    return describeSqlFailure(error, this.#database.where, inCommit);
  }
}
