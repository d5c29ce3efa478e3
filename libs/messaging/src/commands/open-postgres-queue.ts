import { inServicesDatabase, type PortIdentity } from '../agreed-ports.ts';
import { databaseIdentity, handOn, isForeign, openMessagingDatabase, type ConnectOptions } from '../port-surroundings.ts';
import type { ConnectedQueue } from './connected-queue.ts';
import { OutboxQueue } from './outbox-queue.ts';
import { PostgresQueue } from './postgres-queue.ts';

/** The queue in the services' own database, or in another one behind an outbox. */
export async function connectPostgresQueue(url: string, { sharesDatabase, log }: ConnectOptions): Promise<ConnectedQueue> {
  if (sharesDatabase) {
    const identity = (): Promise<PortIdentity> => Promise.resolve(inServicesDatabase('the queue'));
    return { ensureQueues: nothing, identity, open: ({ sql }) => PostgresQueue.open(sql, { log }), close: nothing };
  }
  const own = await openMessagingDatabase(url);
  const queue = await handOn(own, () => PostgresQueue.open(own, { log, onClosed: () => own.close() }));
  return {
    ensureQueues: (queues) => queue.ensureQueues(queues),
    identity: (sql) => databaseIdentity('the queue', own, sql),
    open: (surroundings) =>
      handOn(queue, async () => ((await isForeign(own, surroundings)) ? OutboxQueue.open(queue, surroundings.sql, log) : queue)),
    close: () => queue.close(),
  };
}

const nothing = (): Promise<void> => Promise.resolve();
