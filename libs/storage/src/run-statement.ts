import type { Client, QueryResult } from 'pg';
import { QueryRunnerAlreadyReleasedError, type QueryRunner } from 'typeorm';
import { describeSqlFailure, isLostConnection, isStalePreparation } from './sql-errors.ts';
import type { StatementNames } from './statement-names.ts';

/** What all connections of a pool have in common. */
export interface Database {
  /** Fit for logs. */
  readonly where: string;
  readonly statements: StatementNames;
}

/**
 * Runs one statement on the runner's connection and answers its rows; turns a failure into an error that says what happened. After a
 * stale preparation the same statement succeeds, in a new transaction.
 */
export async function runStatement<R>(
  runner: QueryRunner,
  text: string,
  params: readonly unknown[],
  { where, statements }: Database,
): Promise<R[]> {
  try {
    // A lost connection releases the runner, which would then take another one, outside of the transaction.
    if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
    const client = (await runner.connect()) as Client;
    const name = maybeSeveral(text, params) ? undefined : statements.nameOf(text);
    const result: QueryResult | QueryResult[] = await client.query({ text, values: [...params], ...(name !== undefined && { name }) });
    return Array.isArray(result) ? [] : (result.rows as R[]);
  } catch (error) {
    if (isLostConnection(error)) await discardConnection(runner);
    if (isStalePreparation(error)) statements.renew(text);
    throw describeSqlFailure(error, where);
  }
}

/**
 * Keeps a broken connection from going back into the pool. Between the server's farewell and the end of the socket it still looks
 * usable, and the next query would fail on it.
 */
export async function discardConnection(runner: QueryRunner): Promise<void> {
  let client: Client;
  try {
    client = await runner.connect();
  } catch {
    return; // there never was a connection, and whoever asked for it was told why
  }
  client.end().catch(() => undefined); // only marks it as ending; a dead socket may take minutes to end
}

/** Several statements in one text, which have no parameters, cannot be prepared. */
const maybeSeveral = (text: string, params: readonly unknown[]): boolean => params.length === 0 && text.includes(';');
