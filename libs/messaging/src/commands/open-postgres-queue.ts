import { openMessagingDatabase, type PortSurroundings } from '../port-surroundings.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { PostgresQueue } from './postgres-queue.ts';
import type { CommandQueue } from './queue.ts';

/** The queue in the services' own database, or in another one behind an outbox. */
export async function openPostgresQueue(url: string, surroundings: PortSurroundings): Promise<CommandQueue> {
  const { sql, isForeign, close } = await openMessagingDatabase(url, surroundings);
  const queue = await PostgresQueue.open(sql, { log: surroundings.log, onClosed: close });
  return isForeign ? OutboxQueue.open(queue, surroundings.sql, surroundings.log) : queue;
}
