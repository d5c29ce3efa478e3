import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase } from '@roofshot/testing/postgres';
import { silent } from '../events/log-lab.ts';
import { openCommandQueue } from './open-command-queue.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { PostgresQueue } from './postgres-queue.ts';
import { idsConformance, queueConformance } from './queue.conformance.ts';
import { commandOf, type QueueLab } from './queue-lab.ts';
import type { CommandQueue } from './queue.ts';

/** The services' database is one, the queue's is another. */
async function startLab(): Promise<QueueLab> {
  const [services, messages] = await Promise.all([testDatabase(), testDatabase()]);
  const opened = new Map<CommandQueue, Sql>();
  return {
    sql: services.sql,
    open: async (options) => {
      const sql = await openSql(messages.url, { poolSize: 4 });
      const queue = await OutboxQueue.open(await PostgresQueue.open(sql, { log: silent, ...options }), services.sql, silent);
      opened.set(queue, sql);
      return queue;
    },
    kill: async (queue) => {
      await opened.get(queue)?.close();
    },
    close: async () => {
      for (const [queue, sql] of opened) {
        await queue.close().catch(() => undefined); // a killed one cannot say goodbye
        await sql.close();
      }
      await Promise.all([services.drop(), messages.drop()]);
    },
  };
}

queueConformance('PostgreSQL behind an outbox', startLab);
idsConformance('PostgreSQL behind an outbox', startLab);

describe('opening the command queue', () => {
  it('writes straight into a queue in the services database, and through an outbox into another one', async () => {
    const [services, messages] = await Promise.all([testDatabase(), testDatabase()]);
    const surroundings = { sql: services.sql, sqlUrl: services.url, log: silent };
    const near = await openCommandQueue(services.url, surroundings);
    const far = await openCommandQueue(messages.url, surroundings);
    await Promise.all([near.ensureQueues(['a.v1']), far.ensureQueues(['a.v1'])]);
    await services.sql.transaction(async (tx) => {
      await near.sendIn(tx, [commandOf('a.v1', 'near')]);
      await far.sendIn(tx, [commandOf('a.v1', 'far')]);
    });
    expect(await near.depth('a.v1')).toBe(1);
    far.announce(['a.v1']);
    await eventually(async () => expect(await far.depth('a.v1')).toBe(1));
    await expect(services.sql.transaction((tx) => far.sendIn(tx, [commandOf('b.v1', 'x')]))).rejects.toThrow('no queue "b.v1"');
    await expect(openCommandQueue('nats://localhost', surroundings)).rejects.toThrow('COMMANDS_URL has the scheme "nats"');
    await Promise.all([near.close(), far.close()]);
    await Promise.all([services.drop(), messages.drop()]);
  });
});
