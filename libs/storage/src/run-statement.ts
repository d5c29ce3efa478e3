import type { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import { describeSqlFailure, isLostConnection } from './sql-errors.ts';

/** Runs one statement on the runner's connection and answers its rows; turns a failure into an error that says what happened. */
export async function runStatement<R>(runner: QueryRunner, text: string, params: readonly unknown[], where: string): Promise<R[]> {
  try {
    const result: { records: R[] } = await runner.query(text, [...params], true);
    return result.records;
  } catch (error) {
    if (isLostConnection(error)) await discardConnection(runner);
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
