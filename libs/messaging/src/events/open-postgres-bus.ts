import { openMessagingDatabase, type PortSurroundings } from '../port-surroundings.ts';
import type { EventBus } from './bus.ts';
import { OutboxBus } from './outbox-bus.ts';
import { PostgresBus } from './postgres-bus.ts';

/** The log in the services' own database, or in another one behind an outbox. */
export async function openPostgresBus(url: string, surroundings: PortSurroundings): Promise<EventBus> {
  const { sql, isForeign, close } = await openMessagingDatabase(url, surroundings);
  const bus = await PostgresBus.open(sql, { log: surroundings.log, onClosed: close });
  return isForeign ? OutboxBus.open(bus, surroundings.sql, surroundings.log) : bus;
}
