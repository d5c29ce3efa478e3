import { inServicesDatabase, type PortIdentity } from '../agreed-ports.ts';
import { databaseIdentity, handOn, isForeign, openMessagingDatabase, type ConnectOptions } from '../port-surroundings.ts';
import type { ConnectedBus } from './connected-bus.ts';
import { OutboxBus } from './outbox-bus.ts';
import { PostgresBus } from './postgres-bus.ts';

/** The log in the services' own database, or in another one behind an outbox. */
export async function connectPostgresBus(url: string, { sharesDatabase, log }: ConnectOptions): Promise<ConnectedBus> {
  if (sharesDatabase) {
    const identity = (): Promise<PortIdentity> => Promise.resolve(inServicesDatabase('the log'));
    return { ensureTopics: nothing, identity, open: ({ sql }) => PostgresBus.open(sql, { log }), close: nothing };
  }
  const own = await openMessagingDatabase(url);
  const bus = await handOn(own, () => PostgresBus.open(own, { log, onClosed: () => own.close() }));
  return {
    ensureTopics: (topics) => bus.ensureTopics(topics),
    identity: (sql) => databaseIdentity('the log', own, sql),
    open: (surroundings) =>
      handOn(bus, async () => ((await isForeign(own, surroundings)) ? OutboxBus.open(bus, surroundings.sql, log) : bus)),
    close: () => bus.close(),
  };
}

const nothing = (): Promise<void> => Promise.resolve();
