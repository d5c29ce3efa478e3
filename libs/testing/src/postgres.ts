import { randomBytes } from 'node:crypto';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { isLostConnection } from '@roofshot/storage/sql-errors';
import { sharedTestPostgres } from './shared-postgres.ts';

export { startTestPostgres } from './shared-postgres.ts';

export interface TestDatabase {
  /** postgres://… of a fresh database; pass it to code that opens its own connections. */
  url: string;
  sql: Sql;
  /** Closes `sql` and drops the database, also when others are still connected. */
  drop(): Promise<void>;
}

/** The shared server may be ending just when it is asked: then the next one is asked. */
const ATTEMPTS = 3;

/**
 * A fresh, empty database for one test file, on the server that TEST_SQL_URL names, or else on one embedded PostgreSQL that all
 * test processes of this user share (it starts with the first and ends by itself when nobody has been connected for a while).
 */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `roofshot_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  const server = await createDatabase(name);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const sql = await openSql(url.href, { applicationName: 'roofshot test' });
  return {
    url: url.href,
    sql,
    drop: async () => {
      await sql.close();
      await administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function createDatabase(name: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const server = process.env.TEST_SQL_URL ?? (await sharedTestPostgres());
    try {
      await administer(server, `CREATE DATABASE ${name}`);
      return server;
    } catch (error) {
      if (attempt === ATTEMPTS || !isLostConnection(error)) throw error;
    }
  }
}

async function administer(server: string, statement: string): Promise<void> {
  const sql = await openSql(server, { poolSize: 1, applicationName: 'roofshot test' });
  try {
    await sql.query(statement);
  } finally {
    await sql.close();
  }
}
