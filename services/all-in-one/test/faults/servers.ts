/** The servers behind the platform, each of which can be made to fail, and a proxy before each of them for each service. */
import { join } from 'node:path';
import type { PlatformServers, ServerUrls } from '@roofshot/testing/platform-servers';
import { amqpWire } from '@roofshot/testing/amqp-wire';
import { kafkaWire, type Address } from '@roofshot/testing/kafka-wire';
import { postgresWire } from '@roofshot/testing/postgres-wire';
import type { RunningServer } from '@roofshot/testing/running-server';
import { startServer } from '@roofshot/testing/start-server';
import type { Wire } from '@roofshot/testing/wire';
import { WireProxy } from '@roofshot/testing/wire-proxy';

/** What a fault is done to: the log, the queue, the database. */
export type ServerPart = 'kafka' | 'rabbitmq' | 'postgres';
export type Behind = Readonly<Record<'postgres', RunningServer> & Partial<Record<ServerPart, RunningServer>>>;

/** Processes of six services and of second members keep more connections than PostgreSQL's hundred. */
const SETTINGS = { max_connections: '250' };

const WIRES: Readonly<Record<ServerPart, (broker: Address) => (proxy: Address) => Wire>> = {
  kafka: (broker) => (proxy) => kafkaWire(broker, proxy),
  rabbitmq: () => amqpWire,
  postgres: () => postgresWire,
};

export interface FaultServers extends PlatformServers {
  readonly behind: Behind;
}

/** Where PostgreSQL keeps its data may be a small disk. */
export interface Folders {
  readonly postgres: string;
}

export async function startBrokers(folder: string, { postgres }: Folders): Promise<FaultServers> {
  const [sql, kafka, rabbitmq] = await Promise.all([
    startServer('postgres', { folder: postgres, settings: SETTINGS }),
    startServer('kafka', { folder: join(folder, 'kafka') }),
    startServer('rabbitmq', { folder: join(folder, 'rabbitmq') }),
  ]);
  const urls = { EVENTS_URL: `${kafka.url}?partitions=3`, COMMANDS_URL: `${rabbitmq.url}?heartbeat=2` };
  return serversOf({ postgres: sql, kafka, rabbitmq }, { ...urls, OBJECTS_URL: `file:${join(folder, 'objects')}` });
}

/** One PostgreSQL for events, commands, state and online values. */
export async function startEmbedded(folder: string, { postgres }: Folders): Promise<FaultServers> {
  const sql = await startServer('postgres', { folder: postgres, settings: SETTINGS });
  return serversOf({ postgres: sql }, { EVENTS_URL: sql.url, COMMANDS_URL: sql.url, OBJECTS_URL: `file:${join(folder, 'objects')}` });
}

function serversOf(behind: Behind, urls: ServerUrls): FaultServers {
  const all = Object.values(behind);
  return {
    behind,
    urls: { ...urls, SQL_URL: behind.postgres.url, ONLINE_URL: behind.postgres.url },
    start: async () => void (await Promise.all(all.map((server) => server.restart()))),
    stop: async () => void (await Promise.all(all.map((server) => server.stop()))),
  };
}

/** The ways of all services to all servers, each way with a proxy of its own. */
export class Proxies {
  readonly #proxies: ReadonlyMap<string, WireProxy>;
  readonly #behind: Behind;

  private constructor(proxies: ReadonlyMap<string, WireProxy>, behind: Behind) {
    this.#proxies = proxies;
    this.#behind = behind;
  }

  static async start(services: readonly string[], behind: Behind): Promise<Proxies> {
    const proxies = new Map<string, WireProxy>();
    for (const service of services) {
      for (const [part, { url }] of Object.entries(behind)) {
        const target = addressOf(url);
        proxies.set(`${service} ${part}`, await WireProxy.start(target, WIRES[part as ServerPart](target)));
      }
    }
    return new Proxies(proxies, behind);
  }

  of(service: string, part: ServerPart): WireProxy {
    const proxy = this.#proxies.get(`${service} ${part}`);
    if (proxy === undefined) throw new Error(`${service} has no way to ${part} here.`);
    return proxy;
  }

  /** All of a service's. */
  all(service: string): WireProxy[] {
    return [...this.#proxies].filter(([name]) => name.startsWith(`${service} `)).map(([, proxy]) => proxy);
  }

  heal(): void {
    for (const proxy of this.#proxies.values()) proxy.heal();
  }

  /** The same servers, by the way of this service. */
  route(service: string, urls: ServerUrls): ServerUrls {
    return Object.fromEntries(Object.entries(urls).map(([key, url]) => [key, this.#routed(service, url)]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
  }

  #routed(service: string, url: string): string {
    for (const [part, server] of Object.entries(this.#behind)) {
      const [there, { port, hostname }] = [new URL(url), addressOf(server.url)];
      if (there.hostname !== hostname || Number(there.port) !== port) continue;
      there.port = String(this.of(service, part as ServerPart).address.port);
      return there.href;
    }
    return url;
  }
}

function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { hostname, port: Number(port) };
}
