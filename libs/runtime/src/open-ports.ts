import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { openOnlineStore } from '@roofshot/storage/open-online-store';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { SharedConfig } from './env.ts';
import type { PortName, Ports } from './service.ts';

/** Connections per service beside a basic number: requests, deliveries and relays of a service rarely need more at once. */
const CONNECTIONS_PER_SERVICE = 5;
const BASIC_CONNECTIONS = 10;
/** An embedded server has 100, of which listeners, migrations and tools need some. */
const MAX_CONNECTIONS = 60;

export interface OpenPorts {
  /** Those that were asked for; the others throw when they are used. */
  readonly ports: Ports;
  /** In reverse of opening. */
  close(): Promise<void>;
}

/** Opens each wanted port once for the whole process. A failure names the key and closes what had been opened. */
export async function openPorts(
  wanted: ReadonlySet<PortName>,
  shared: SharedConfig,
  surroundings: { readonly services: number; readonly log: Logger },
): Promise<OpenPorts> {
  const ports: Partial<Ports> = {};
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const port of opened.splice(0).reverse()) await port.close();
  };
  try {
    if (wanted.has('sql') || wanted.has('events') || wanted.has('commands')) {
      ports.sql = await open('SQL_URL', () => openDatabase(shared, surroundings), opened);
      Object.assign(ports, await openMessaging(wanted, shared, { sql: ports.sql, log: surroundings.log }, opened));
    }
    if (wanted.has('online')) ports.online = await open('ONLINE_URL', () => openOnlineStore(shared.onlineUrl), opened);
    if (wanted.has('objects')) ports.objects = await open('OBJECTS_URL', () => openObjectStore(shared.objectsUrl), opened);
  } catch (error) {
    await close();
    throw error;
  }
  return { ports: ports as Ports, close };
}

async function openMessaging(
  wanted: ReadonlySet<PortName>,
  { sqlUrl, eventsUrl, commandsUrl }: SharedConfig,
  { sql, log }: { readonly sql: Sql; readonly log: Logger },
  opened: { close(): Promise<void> }[],
): Promise<Partial<Ports>> {
  const around = { sql, sqlUrl, log };
  const ports: Partial<Ports> = {};
  if (wanted.has('events')) ports.events = await open('EVENTS_URL', () => openEventBus(eventsUrl, around), opened);
  if (wanted.has('commands')) ports.commands = await open('COMMANDS_URL', () => openCommandQueue(commandsUrl, around), opened);
  return ports;
}

function openDatabase({ sqlUrl }: SharedConfig, { services, log }: { readonly services: number; readonly log: Logger }): Promise<Sql> {
  return openSql(sqlUrl, {
    poolSize: Math.min(MAX_CONNECTIONS, BASIC_CONNECTIONS + CONNECTIONS_PER_SERVICE * services),
    log: (line) => log.warn('The embedded database ended or was started.', { 'labels.detail': line }),
  });
}

async function open<T extends { close(): Promise<void> }>(
  key: string,
  opening: () => Promise<T>,
  opened: { close(): Promise<void> }[],
): Promise<T> {
  try {
    const port = await opening();
    opened.push(port);
    return port;
  } catch (error) {
    throw new Error(`${key}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
