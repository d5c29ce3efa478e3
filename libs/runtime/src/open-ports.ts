import { agreeOnPort, type AgreedPort } from '@roofshot/messaging/agreed-ports';
import type { ConnectedBus } from '@roofshot/messaging/connected-bus';
import type { ConnectedQueue } from '@roofshot/messaging/connected-queue';
import { connectCommandQueue } from '@roofshot/messaging/open-command-queue';
import { connectEventBus } from '@roofshot/messaging/open-event-bus';
import type { PortSurroundings } from '@roofshot/messaging/port-surroundings';
import { migrate } from '@roofshot/storage/migrate';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { openOnlineStore } from '@roofshot/storage/open-online-store';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { sqlState } from '@roofshot/storage/sql-errors';
import type { Logger } from '@roofshot/telemetry/logger';
import type { SharedConfig } from './env.ts';
import { portFault, PortFaults, type PortFault, type PortKey } from './port-faults.ts';
import type { PortNeeds } from './port-needs.ts';
import type { Ports } from './service.ts';

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

/** How a server stands in the present try: `asked`, `answers`, or what is wrong. */
export type PortState = 'asked' | 'answers' | PortFault;

export interface PortWishes {
  readonly needs: PortNeeds;
  readonly shared: SharedConfig;
  readonly log: Logger;
  /** Hears of each server as soon as it is known how it stands. */
  readonly onState?: (key: PortKey, state: PortState) => void;
  /** Connects the log to its server; fails only where that refuses, since nobody waits for it. */
  readonly connectLogServer?: () => Promise<void>;
  /** What an earlier try has found made and allowed, for those that follow it: then it is not looked for again. */
  readonly proven?: Set<PortKey>;
}

/**
 * Opens each wanted port once for the whole process, with everything in it that the services rely on: schemas, topics and queues. All
 * servers are tried at the same time, those that need the database as far as they can be without it. Throws `PortFaults` with all that
 * is wrong, and then nothing is left open.
 */
export async function openPorts(wishes: PortWishes): Promise<OpenPorts> {
  const opening = new Opening(wishes);
  try {
    return { ports: await opening.run(), close: () => opening.close() };
  } catch (error) {
    await opening.close();
    throw error;
  }
}

interface Closable {
  close(): Promise<void>;
}

interface Reached {
  readonly sql: Sql | undefined;
  readonly events: ConnectedBus | undefined;
  readonly commands: ConnectedQueue | undefined;
}

class Opening {
  readonly #wishes: PortWishes;
  readonly #proven: Set<PortKey>;
  readonly #ports: Partial<Ports> = {};
  /** Without the database, which the others may need up to their end. */
  readonly #opened = new Set<Closable>();
  readonly #faults: PortFault[] = [];

  constructor(wishes: PortWishes) {
    this.#wishes = wishes;
    this.#proven = wishes.proven ?? new Set();
  }

  async run(): Promise<Ports> {
    const { sql, ...brokers } = await this.#reachAll();
    if (sql !== undefined) await this.#prepareSchemas(sql);
    this.#refuseFaults();
    if (sql !== undefined) await this.#agree(sql, brokers);
    this.#refuseFaults();
    if (sql !== undefined) await this.#openUpon(sql, brokers);
    this.#refuseFaults();
    return this.#ports as Ports;
  }

  async close(): Promise<void> {
    for (const one of [...this.#opened].reverse()) await one.close();
    this.#opened.clear();
    await this.#ports.sql?.close();
  }

  /** Every server, as far as it can be tried without the others. */
  async #reachAll(): Promise<Reached> {
    const { sqlUrl, onlineUrl, objectsUrl } = this.#wishes.shared;
    const { needs, connectLogServer } = this.#wishes;
    const { ports, readsOnly } = needs;
    const hasOwnOnline = ports.has('online') && onlineUrl !== sqlUrl;
    const [sql, events, commands] = await Promise.all([
      ports.has('sql') || ports.has('events') || ports.has('commands') ? this.#reachDatabase() : undefined,
      ports.has('events') ? this.#reachEvents() : undefined,
      ports.has('commands') ? this.#reachCommands() : undefined,
      hasOwnOnline
        ? this.#openStore('online', 'ONLINE_URL', (onTrouble) =>
            openOnlineStore(onlineUrl, { readsOnly: readsOnly.has('online'), onTrouble }),
          )
        : undefined,
      ports.has('objects')
        ? this.#openStore('objects', 'OBJECTS_URL', (onTrouble) =>
            openObjectStore(objectsUrl, { readsOnly: readsOnly.has('objects'), onTrouble }),
          )
        : undefined,
      connectLogServer === undefined ? undefined : this.#ask('ELASTICSEARCH_URL', connectLogServer),
    ]);
    return { sql, events, commands };
  }

  async #reachDatabase(): Promise<Sql | undefined> {
    const { shared, needs, log } = this.#wishes;
    const poolSize = Math.min(MAX_CONNECTIONS, BASIC_CONNECTIONS + CONNECTIONS_PER_SERVICE * needs.services);
    const told = (line: string): void => log.warn('The embedded database ended or was started.', { 'labels.detail': line });
    const sql = await this.#ask('SQL_URL', () => openSql(shared.sqlUrl, { poolSize, log: told }));
    if (sql !== undefined) this.#ports.sql = sql;
    return sql;
  }

  #reachEvents(): Promise<ConnectedBus | undefined> {
    const { shared, needs, log } = this.#wishes;
    const { eventsUrl, sqlUrl } = shared;
    return this.#ask('EVENTS_URL', async () => {
      const bus = this.#keep(await connectEventBus(eventsUrl, { sharesDatabase: eventsUrl === sqlUrl, log }));
      await this.#prove('EVENTS_URL', needs.topics, (topics) => bus.ensureTopics(topics));
      return bus;
    });
  }

  #reachCommands(): Promise<ConnectedQueue | undefined> {
    const { shared, needs, log } = this.#wishes;
    const { commandsUrl, sqlUrl } = shared;
    return this.#ask('COMMANDS_URL', async () => {
      const queue = this.#keep(await connectCommandQueue(commandsUrl, { sharesDatabase: commandsUrl === sqlUrl, log }));
      await this.#prove('COMMANDS_URL', needs.queues, (queues) => queue.ensureQueues(queues));
      return queue;
    });
  }

  async #openStore<P extends 'online' | 'objects'>(
    port: P,
    key: PortKey,
    open: (onTrouble: (trouble: string | undefined) => void) => Promise<Ports[P]>,
  ): Promise<void> {
    const { log } = this.#wishes;
    const tell = (trouble: string | undefined): void => {
      if (trouble === undefined) log.info('A store can be used again.', { 'labels.key': key });
      else log.warn('A store cannot be used; it is tried again until it can.', { 'labels.key': key, 'event.reason': trouble });
    };
    const store = await this.#ask(key, async () => this.#keep(await open(tell)));
    if (store !== undefined) this.#ports[port] = store;
  }

  /** Schemas come first, since deliveries keep their positions there. What is wrong for several of them is told once. */
  async #prepareSchemas(sql: Sql): Promise<void> {
    if (this.#proven.has('SQL_URL')) return;
    const failures = new Map<string, { readonly services: string[]; readonly error: unknown }>();
    for (const { service, schema, migrations } of this.#wishes.needs.schemas) {
      try {
        await migrate(sql, schema, migrations);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        failures.set(reason, { services: [...(failures.get(reason)?.services ?? []), service], error });
      }
    }
    for (const [reason, { services, error }] of failures) {
      const subject = services.length === 1 ? 'The service' : 'The services';
      this.#fail('SQL_URL', new Error(`${subject} ${services.join(', ')} could not start: ${reason}`, { cause: error }));
    }
    if (failures.size === 0) this.#proven.add('SQL_URL');
  }

  /** Before anything is said or heard there: a log or a queue that the other processes of this database do not use is refused. */
  async #agree(sql: Sql, { events, commands }: Omit<Reached, 'sql'>): Promise<void> {
    const saidBy = this.#wishes.needs.schemas.map(({ service }) => service).join(', ') || 'another process';
    const ports: readonly (readonly [AgreedPort, ConnectedBus | ConnectedQueue | undefined])[] = [
      ['EVENTS_URL', events],
      ['COMMANDS_URL', commands],
    ];
    for (const [key, connected] of ports) {
      try {
        const identity = await connected?.identity(sql);
        if (identity !== undefined) await agreeOnPort(sql, key, identity, saidBy);
      } catch (error) {
        this.#fail(sqlState(error) === undefined ? key : 'SQL_URL', error);
      }
    }
  }

  async #openUpon(sql: Sql, { events, commands }: Omit<Reached, 'sql'>): Promise<void> {
    const { shared, needs, log } = this.#wishes;
    const surroundings: PortSurroundings = { sql, sqlUrl: shared.sqlUrl, log };
    if (events !== undefined) {
      const bus = await this.#handOn(
        'EVENTS_URL',
        events,
        () => events.open(surroundings),
        (opened) => opened.ensureTopics(needs.topics),
      );
      if (bus !== undefined) this.#ports.events = bus;
    }
    if (commands !== undefined) {
      const queue = await this.#handOn(
        'COMMANDS_URL',
        commands,
        () => commands.open(surroundings),
        (opened) => opened.ensureQueues(needs.queues),
      );
      if (queue !== undefined) this.#ports.commands = queue;
    }
    if (needs.ports.has('online') && this.#ports.online === undefined)
      await this.#openStore('online', 'SQL_URL', () => openOnlineStore(shared.onlineUrl, { sharesDatabase: true }));
  }

  /** `open` closes what is `connected` when it throws. What is wrong with the database there is told as such. */
  async #handOn<T extends Closable>(
    key: PortKey,
    connected: Closable,
    open: () => Promise<T>,
    prepare: (port: T) => Promise<void>,
  ): Promise<T | undefined> {
    this.#opened.delete(connected);
    try {
      const port = this.#keep(await open());
      await prepare(port);
      return port;
    } catch (error) {
      this.#fail(sqlState(error) === undefined ? key : 'SQL_URL', error);
      return undefined;
    }
  }

  async #ask<T>(key: PortKey, question: () => Promise<T>): Promise<T | undefined> {
    this.#wishes.onState?.(key, 'asked');
    try {
      const answer = await question();
      this.#wishes.onState?.(key, 'answers');
      return answer;
    } catch (error) {
      this.#fail(key, error);
      return undefined;
    }
  }

  async #prove<T>(key: PortKey, needed: readonly T[], prove: (needed: readonly T[]) => Promise<void>): Promise<void> {
    if (needed.length === 0 || this.#proven.has(key)) return;
    await prove(needed);
    this.#proven.add(key);
  }

  #keep<T extends Closable>(port: T): T {
    this.#opened.add(port);
    return port;
  }

  #fail(key: PortKey, error: unknown): void {
    const fault = portFault(key, error);
    this.#faults.push(fault);
    this.#wishes.onState?.(key, fault);
  }

  #refuseFaults(): void {
    if (this.#faults.length > 0) throw new PortFaults(this.#faults);
  }
}
