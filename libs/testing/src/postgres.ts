import { randomBytes } from 'node:crypto';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { testServer } from './servers/test-server.ts';

export interface TestDatabase {
  /** postgres://… of a fresh database; pass it to code that opens its own connections. */
  url: string;
  sql: Sql;
  /** Closes `sql` and drops the database, also when others are still connected. */
  drop(): Promise<void>;
}

/** A fresh, empty database for one test file, on the PostgreSQL that tests share. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = await testServer('postgres');
  const name = `roofshot_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name}`);
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

async function administer(server: string, statement: string): Promise<void> {
  const sql = await openSql(server, { poolSize: 1, applicationName: 'roofshot test' });
  try {
    await sql.query(statement);
  } finally {
    await sql.close();
  }
}
