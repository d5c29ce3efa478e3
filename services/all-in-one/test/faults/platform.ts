/** The whole platform as processes of their own, each of which, and each server and each way between them, can be made to fail. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applySet } from '@roofshot/cli/apply-set';
import { loadResources } from '@roofshot/cli/load-resources';
import { eventually } from '@roofshot/testing/eventually';
import { freePorts } from '@roofshot/testing/free-ports';
import { mountSmallDisk, type SmallDisk } from '@roofshot/testing/small-disk';
import type { ServerUrls } from '@roofshot/testing/platform-servers';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { allServices } from '../../src/services.ts';
import { Program } from '../journey/program.ts';
import { GATEWAY, servicePlan, SixProcesses } from '../journey/six-processes.ts';
import { Observer } from './effects.ts';
import type { Doors } from './load.ts';
import { Proxies, startBrokers, startEmbedded, type FaultServers } from './servers.ts';

/** What the services stand on. */
export type Ground = 'brokers' | 'embedded';
export const GROUNDS: Readonly<Record<Ground, string>> = {
  brokers: 'six processes on Kafka, RabbitMQ and PostgreSQL',
  embedded: 'six processes on the embedded ports (one PostgreSQL)',
};

const START: Readonly<Record<Ground, typeof startBrokers>> = { brokers: startBrokers, embedded: startEmbedded };
/** PostgreSQL with its log, and some room to fill. */
const DATABASE_MB = 700;
/** The spool of serving begins files of a few megabytes. */
const SPOOL_MB = 24;
/** What a killed builder held is waited for by nobody for longer. */
const SETTINGS = { features: { FEATURES_SNAPSHOT_LEASE: '2s' } };
const ANSWERED = { deadlineMs: 60_000 };

/** A second process of a service. */
export interface Twin {
  readonly program: Program;
  readonly url: string;
  awaitReady(): Promise<void>;
}

/** Undefined where this machine lets nobody mount any. */
export interface Disks {
  readonly database: SmallDisk | undefined;
  readonly spool: SmallDisk | undefined;
}

export class FaultPlatform {
  readonly ground: Ground;
  readonly disks: Disks;
  readonly servers: FaultServers;
  readonly proxies: Proxies;
  readonly six: SixProcesses;
  readonly #folder: TempDir;
  readonly #twins: Twin[] = [];
  #observer: Observer | undefined;

  private constructor(ground: Ground, made: { folder: TempDir; disks: Disks; servers: FaultServers; proxies: Proxies; six: SixProcesses }) {
    this.ground = ground;
    this.#folder = made.folder;
    this.disks = made.disks;
    this.servers = made.servers;
    this.proxies = made.proxies;
    this.six = made.six;
  }

  /** Started, ready and with its resources declared. `withDisks`: state and spool lie on small disks of their own. */
  static async start(ground: Ground, { withDisks = false } = {}): Promise<FaultPlatform> {
    const folder = await tempDir('faults');
    const at = (name: string): string => join(folder.path, name);
    const disks: Disks = {
      database: withDisks ? mountSmallDisk(at('database disk'), DATABASE_MB) : undefined,
      spool: withDisks ? mountSmallDisk(at('serving'), SPOOL_MB) : undefined,
    };
    const postgres = disks.database === undefined ? at('postgres') : join(disks.database.path, 'postgres');
    const servers = await START[ground](folder.path, { postgres });
    const proxies = await Proxies.start(
      allServices.map(({ name }) => name),
      servers.behind,
    );
    const route = (name: string, urls: ServerUrls): ServerUrls => proxies.route(name, urls);
    const six = await SixProcesses.open(folder.path, () => Promise.resolve(servers), { route, settings: SETTINGS });
    const platform = new FaultPlatform(ground, { folder, disks, servers, proxies, six });
    try {
      await platform.#begin();
      return platform;
    } catch (error) {
      await platform.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.stopTwins();
    await this.#observer?.close();
    try {
      await this.six.stop();
    } finally {
      await this.proxies.close();
      for (const disk of [this.disks.database, this.disks.spool]) disk?.remove();
      await this.#folder.remove();
    }
  }

  /** Second processes that a fault has left running. */
  async stopTwins(): Promise<void> {
    for (const { program } of this.#twins.splice(0)) await program.stop();
  }

  get observer(): Observer {
    if (this.#observer === undefined) throw new Error('The platform has not been started.');
    return this.#observer;
  }

  get doors(): Doors {
    return { ingestion: this.six.urlOf('ingestion'), serving: this.six.urlOf('serving'), commands: this.observer.commands };
  }

  get features(): string {
    return this.six.urlOf('features');
  }

  /** After a fault that could not be made to its end: all is open and runs again. */
  async restore(): Promise<void> {
    for (const disk of [this.disks.database, this.disks.spool]) disk?.free();
    for (const server of Object.values(this.servers.behind)) {
      await server.thaw();
      if (!(await server.isRunning())) await server.restart();
    }
    this.proxies.heal();
    for (const part of this.six.parts) {
      this.six.program(part).thaw();
      if (this.six.program(part).runs) await this.six.awaitReady(part);
      else await this.six.restart(part);
    }
  }

  /** Launched, and not waited for. */
  async addTwin(service: string): Promise<Twin> {
    const [port = 0] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const folder = join(this.#folder.path, `twin ${port}`);
    await mkdir(join(folder, service), { recursive: true });
    const definition = allServices.find(({ name }) => name === service);
    if (definition === undefined) throw new Error(`There is no service ${service}.`);
    const program = new Program(
      servicePlan(definition, { folder, urls: { [service]: url }, servers: this.servers.urls, settings: SETTINGS }),
    );
    program.launch();
    const twin = {
      program,
      url,
      awaitReady: () => program.until('ready', async () => (await fetch(`${url}/readyz`)).ok).then(() => undefined),
    };
    this.#twins.push(twin);
    return twin;
  }

  async #begin(): Promise<void> {
    await this.six.start();
    const { resources, faults } = loadResources([fileURLToPath(new URL('./shop.yaml', import.meta.url))]);
    const result = faults.length > 0 ? { faults } : await applySet(this.six.urlOf(GATEWAY), resources);
    if (result.faults.length > 0) throw new Error(JSON.stringify(result.faults));
    this.#observer = await Observer.open(this.servers.urls);
    await this.#awaitAnswers();
  }

  async #awaitAnswers(): Promise<void> {
    const question = { unit: 'first', entities: { customer: 'nobody' }, context: { amount: 1 } };
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question) };
    await eventually(async () => (await fetch(`${this.doors.serving}/v1/predict/order-risk`, init)).ok, ANSWERED);
  }
}
