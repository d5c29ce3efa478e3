import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { testDatabase } from '@roofshot/testing/postgres';
import { silent } from '../events/log-lab.ts';
import { commandDeliveryConformance } from '../delivery/command-delivery.conformance.ts';
import { PostgresQueue } from './postgres-queue.ts';
import { idsConformance, queueConformance } from './queue.conformance.ts';
import type { QueueLab } from './queue-lab.ts';
import type { CommandQueue } from './queue.ts';

async function startLab(): Promise<QueueLab> {
  const database = await testDatabase();
  const opened = new Map<CommandQueue, Sql>();
  return {
    sql: database.sql,
    open: async (options) => {
      const sql = await openSql(database.url, { poolSize: 4 });
      const queue = await PostgresQueue.open(sql, { log: silent, ...options });
      opened.set(queue, sql);
      return queue;
    },
    kill: async (queue) => {
      await opened.get(queue)?.close(); // without its database it can neither renew nor settle, as if it were dead
    },
    close: async () => {
      for (const [queue, sql] of opened) {
        await queue.close().catch(() => undefined); // a killed one cannot say goodbye
        await sql.close();
      }
      await database.drop();
    },
  };
}

queueConformance('PostgreSQL', startLab);
idsConformance('PostgreSQL', startLab);
commandDeliveryConformance('PostgreSQL', startLab);

describe('the queue in PostgreSQL', () => {
  it('forgets what was done before the horizon, and keeps the rest', async () => {
    const lab = await startLab();
    const queue = await PostgresQueue.open(lab.sql, { log: silent });
    await queue.ensureQueues(['old.v1']);
    await queue.send(['done-long-ago', 'done', 'dead', 'open'].map((id) => ({ queue: 'old.v1', id, headers: {}, payload: '{}' })));
    await lab.sql.query(
      `UPDATE messaging.commands SET state = CASE id WHEN 'dead' THEN 'dead' WHEN 'open' THEN 'open' ELSE 'done' END,
         settled_at = CASE id WHEN 'open' THEN NULL WHEN 'done' THEN now() - interval '6 days' ELSE now() - interval '8 days' END`,
    );
    expect(await queue.purge()).toBe(1);
    const left = await lab.sql.query<{ id: string }>('SELECT id FROM messaging.commands ORDER BY id');
    expect(left.map(({ id }) => id)).toEqual(['dead', 'done', 'open']);
    await queue.close();
    await lab.close();
  });
});
