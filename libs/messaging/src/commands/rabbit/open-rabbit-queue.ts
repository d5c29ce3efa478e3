import { handOn, type ConnectOptions } from '../../port-surroundings.ts';
import type { ConnectedQueue } from '../connected-queue.ts';
import { OutboxQueue } from '../outbox-queue.ts';
import { RabbitQueue } from './rabbit-queue.ts';
import { describeNode, parseRabbitUrl } from './rabbit-url.ts';

/** RabbitMQ behind an outbox in the services' database. */
export async function connectRabbitQueue(url: string, { log }: ConnectOptions): Promise<ConnectedQueue> {
  const { mostWaiting, nodes, vhost } = parseRabbitUrl(url);
  const queue = await RabbitQueue.open(url, { log });
  return {
    ensureQueues: (queues) => queue.ensureQueues(queues),
    // Not by the name of its cluster: that is another one where a broker was made anew, and then the services must start all the same.
    identity: () =>
      Promise.resolve({ mark: `rabbitmq ${vhost}`, name: `RabbitMQ at ${nodes.map(describeNode).join(', ')}, virtual host "${vhost}"` }),
    open: ({ sql }) => handOn(queue, () => OutboxQueue.open(queue, sql, log, mostWaiting)),
    close: () => queue.close(),
  };
}
