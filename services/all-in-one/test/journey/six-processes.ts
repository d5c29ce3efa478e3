/** Each service as a process of its own with only its own configuration, the gateway before them, and servers that they share. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyService, PortName } from '@roofshot/runtime/service';
import { freePorts } from '@roofshot/testing/free-ports';
import { allServices } from '../../src/services.ts';
import type { PlatformServers, ServerKey, ServerUrls } from '@roofshot/testing/platform-servers';
import type { Platform, Topology } from './platform.ts';
import { Program } from './program.ts';
import type { OpenServers } from './servers.ts';
import { patience } from './service-settings.ts';

export const GATEWAY = 'gateway';

export const sixProcesses = (name: string, openServers: OpenServers): Topology => ({
  name,
  open: (folder) => SixProcesses.open(folder, openServers),
});

/** The key that names the server behind each port. */
const KEYS: Readonly<Record<PortName, ServerKey>> = {
  sql: 'SQL_URL',
  events: 'EVENTS_URL',
  commands: 'COMMANDS_URL',
  online: 'ONLINE_URL',
  objects: 'OBJECTS_URL',
};

/** How the processes differ from those that a user would start. */
export interface Special {
  /** By which way a service reaches each server; default by its own address. */
  readonly route?: (service: string, servers: ServerUrls) => ServerUrls;
  /** Further keys of each service's environment. */
  readonly settings?: Place['settings'];
}

export class SixProcesses implements Platform {
  readonly parts: readonly string[];
  readonly behind: PlatformServers;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #urls: Readonly<Record<string, string>>;

  private constructor(behind: PlatformServers, programs: readonly Program[], urls: Readonly<Record<string, string>>) {
    this.behind = behind;
    this.#programs = new Map(programs.map((program) => [program.plan.name, program]));
    this.#urls = urls;
    this.parts = [...this.#programs.keys()];
  }

  static async open(folder: string, openServers: OpenServers, special: Special = {}): Promise<SixProcesses> {
    const names = [...allServices.map(({ name }) => name), GATEWAY];
    const ports = await freePorts(names.length);
    const urls = Object.fromEntries(names.map((name, index) => [name, `http://127.0.0.1:${ports[index]}`]));
    await Promise.all(names.map((name) => mkdir(join(folder, name), { recursive: true })));
    const behind = await openServers(folder);
    const { route = (_, servers) => servers, settings = {} } = special;
    const place = { folder, urls, servers: behind.urls, settings };
    const plans = [
      ...allServices.map((service) => servicePlan(service, { ...place, servers: route(service.name, behind.urls) })),
      gatewayPlan(place),
    ];
    return new SixProcesses(
      behind,
      plans.map((plan) => new Program(plan)),
      urls,
    );
  }

  get url(): string {
    return this.urlOf(GATEWAY);
  }

  urlOf(part: string): string {
    return this.#urls[part] ?? '';
  }

  /** Started, and not waited for. */
  launch(part: string): void {
    this.program(part).launch();
  }

  program(part: string): Program {
    const program = this.#programs.get(part);
    if (program === undefined) throw new Error(`There is no part ${part}. There are: ${this.parts.join(', ')}.`);
    return program;
  }

  async start(): Promise<void> {
    for (const part of this.parts) this.launch(part);
    await this.awaitReady(GATEWAY); // which it is when all are
  }

  async kill(part: string): Promise<void> {
    await this.program(part).kill();
  }

  async restart(part: string): Promise<void> {
    this.launch(part);
    // The gateway stands for all: it is back when it answers at all.
    if (part === GATEWAY) await this.program(part).until('alive', async () => (await fetch(`${this.url}/status`)).ok);
    else await this.awaitReady(part);
  }

  async awaitReady(part: string): Promise<void> {
    await this.program(part).until('ready', async () => {
      const answer = await fetch(`${this.urlOf(part)}/readyz`);
      if (!answer.ok) throw new Error(await answer.text());
    });
  }

  async stop(): Promise<void> {
    try {
      const ends = await Promise.allSettled([...this.#programs.values()].map((program) => program.stop()));
      const faults = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
      if (faults.length > 0) throw new AggregateError(faults, faults.map(String).join('; '));
    } finally {
      await this.behind.stop();
    }
  }

  servers(): Promise<PlatformServers['urls']> {
    return Promise.resolve(this.behind.urls);
  }
}

export interface Place {
  readonly folder: string;
  readonly urls: Readonly<Record<string, string>>;
  readonly servers: ServerUrls;
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Its own keys, and the addresses of those servers that its manifest says it needs. */
export function servicePlan({ name, needs }: AnyService, { folder, urls, servers, settings = {} }: Place): Program['plan'] {
  const own = join(folder, name);
  const keys = needs.map((port) => KEYS[port]);
  const env = {
    ...Object.fromEntries(keys.flatMap((key) => (servers[key] === undefined ? [] : [[key, servers[key]]]))),
    [`${name.toUpperCase()}_PORT`]: new URL(urls[name] ?? '').port,
    ...patience(name),
    ...loggingTo(servers),
    ...settings[name],
    DATA_DIR: own,
    LOG_FILE: join(own, 'log'),
  };
  return { name, main: `services/${name}/src/main.ts`, env, complaints: join(folder, `${name}.err`) };
}

/** Where there is a log server, the path of every message. */
function loggingTo({ ELASTICSEARCH_URL }: ServerUrls): Readonly<Record<string, string>> {
  return ELASTICSEARCH_URL === undefined ? {} : { ELASTICSEARCH_URL, LOG_LEVEL: 'debug' };
}

function gatewayPlan({ folder, urls, servers }: Place): Program['plan'] {
  const own = join(folder, GATEWAY);
  const env = {
    ...Object.fromEntries(allServices.map(({ name }) => [`GATEWAY_${name.toUpperCase()}_URL`, urls[name] ?? ''])),
    GATEWAY_PORT: new URL(urls[GATEWAY] ?? '').port,
    ...loggingTo(servers),
    DATA_DIR: own,
    LOG_FILE: join(own, 'log'),
  };
  return { name: GATEWAY, main: 'services/all-in-one/src/gateway.ts', env, complaints: join(folder, `${GATEWAY}.err`) };
}
