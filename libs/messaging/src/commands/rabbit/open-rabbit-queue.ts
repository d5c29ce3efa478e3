import { handOn, type ConnectOptions } from '../../port-surroundings.ts';
import type { ConnectedQueue } from '../connected-queue.ts';
import { OutboxQueue } from '../outbox-queue.ts';
import { RabbitQueue } from './rabbit-queue.ts';
import { parseRabbitUrl } from './rabbit-url.ts';

/** RabbitMQ behind an outbox in the services' database. */
export async function connectRabbitQueue(url: string, { log }: ConnectOptions): Promise<ConnectedQueue> {
  const { mostWaiting } = parseRabbitUrl(url);
  const queue = await RabbitQueue.open(url, { log });
  return {
    ensureQueues: (queues) => queue.ensureQueues(queues),
    open: ({ sql }) => handOn(queue, () => OutboxQueue.open(queue, sql, log, mostWaiting)),
    close: () => queue.close(),
  };
}
