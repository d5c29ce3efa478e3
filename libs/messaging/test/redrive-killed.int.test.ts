import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { testDatabase } from '@roofshot/testing/postgres';
import { PostgresQueue } from '../src/commands/postgres-queue.ts';
import { silent } from '../src/events/log-lab.ts';
import { redriveFaults } from './redrive-killed.faults.ts';

redriveFaults('PostgreSQL', async () => {
  const database = await testDatabase();
  const opened: { readonly queue: PostgresQueue; readonly sql: Sql }[] = [];
  const open = async (): Promise<PostgresQueue> => {
    const sql = await openSql(database.url, { poolSize: 4 });
    const queue = await PostgresQueue.open(sql, { log: silent });
    opened.push({ queue, sql });
    return queue;
  };
  const close = async (): Promise<void> => {
    for (const { queue, sql } of opened) {
      await queue.close();
      await sql.close();
    }
    await database.drop();
  };
  return { lab: { sql: database.sql, open, kill: () => Promise.resolve(), close }, commandsUrl: database.url };
});
