import type { PortSurroundings } from '../../port-surroundings.ts';
import { OutboxQueue } from '../outbox-queue.ts';
import type { CommandQueue } from '../queue.ts';
import { RabbitQueue } from './rabbit-queue.ts';

/** RabbitMQ behind an outbox in the services' database. */
export async function openRabbitQueue(url: string, { sql, log }: PortSurroundings): Promise<CommandQueue> {
  return OutboxQueue.open(await RabbitQueue.open(url, { log }), sql, log);
}
