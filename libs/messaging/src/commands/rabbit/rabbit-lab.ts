import { connect } from 'amqplib';
import { testDatabase } from '@roofshot/testing/postgres';
import { testServer } from '@roofshot/testing/test-server';
import { silent } from '../../events/log-lab.ts';
import { OutboxQueue } from '../outbox-queue.ts';
import { givenQueues, type QueueLab } from '../queue-lab.ts';
import type { CommandQueue } from '../queue.ts';
import { Door } from './door-lab.ts';
import { RabbitQueue } from './rabbit-queue.ts';
import { queuesOf } from './rabbit-topology.ts';

/** A real RabbitMQ that other tests use as well; each opened queue has a door of its own. */
export async function startRabbitLab(): Promise<QueueLab> {
  const services = await testDatabase();
  const target = new URL(await testServer('rabbitmq'));
  const doors = new Map<CommandQueue, Door>();
  return {
    sql: services.sql,
    open: async () => {
      const door = await Door.open(target);
      const queue = await OutboxQueue.open(
        await RabbitQueue.open(door.urlOf(target), { log: silent, newQueueMs: 0 }),
        services.sql,
        silent,
      );
      doors.set(queue, door);
      return queue;
    },
    kill: async (queue) => doors.get(queue)?.close(),
    close: async () => {
      await Promise.all([...doors.keys()].map((queue) => queue.close()));
      await Promise.all([...doors.values()].map((door) => door.close()));
      await deleteQueues(target.href);
      await services.drop();
    },
  };
}

async function deleteQueues(url: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await Promise.all(givenQueues.flatMap(queuesOf).map((queue) => channel.deleteQueue(queue)));
  await connection.close();
}
