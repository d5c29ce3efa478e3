/** The console before a small platform: ingestion as a process of its own, services that promote and answer, and the gateway with the built page. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Inject, Injectable, Module } from '@nestjs/common';
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { modelVersions } from '@roofshot/contracts/models';
import { startGateway, type Gateway } from '@roofshot/runtime/gateway';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Readiness } from '@roofshot/runtime/readiness';
import { run, type Running } from '@roofshot/runtime/run';
import { defineService, PLATFORM, type Platform } from '@roofshot/runtime/service';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { Type } from 'typebox';
import { buildConsolePage, consolePageIsCurrent } from '../../../scripts/bootstrap/console-page.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = join(ROOT, 'services', 'console', 'dist');

/** Of the service that stands for the registry. */
export const troubles: string[] = [];

@Injectable()
class Promoter {
  constructor(@Inject(PLATFORM) { transactions }: Platform<'events' | 'commands' | 'sql'>, http: HttpRoutes, readiness: Readiness) {
    readiness.mention(() => troubles);
    const signature = {
      inputs: [{ name: 'hour', dtype: 'float' as const }],
      output: { name: 'p', dtype: 'float' as const, meaning: 'late' },
    };
    const data = { model: 'flight-delay', version: 2, alias: 'champion' as const, previous: 1, artifact: 'sha256/ab', aliasRevision: 2 };
    const who = { reason: 'effect −0.17 [−0.20, −0.15]', requestedBy: 'experiments' };
    http.route({
      method: 'POST',
      url: '/v1/promotions',
      summary: 'Says that a version was promoted.',
      handler: () =>
        transactions.run(async (tx) =>
          tx.publish(modelVersions, [{ type: 'model-version.promoted', subject: 'flight-delay', data: { ...data, ...who, signature } }]),
        ),
    });
  }
}

@Module({})
class PromoterModule {}

/** Stands for the registry, whose promotions need a trained model: it says the same on the same topic. */
const promoter = defineService({
  name: 'registry',
  port: 0,
  config: Type.Object({}),
  needs: ['events', 'commands', 'sql'],
  publishes: [modelVersions],
  sends: [],
  kinds: [],
  paths: ['/v1/promotions'],
  migrations: [],
  module: () => ({ module: PromoterModule, providers: [Promoter] }),
  handlers: () => [],
});

/** As the replay of a week found it. */
const RESULTS: ExperimentResults = {
  experiment: 'streaming-features',
  state: 'running',
  phase: 1,
  startedAt: '2001-01-15T00:00:00.000Z',
  endsAt: '2001-01-22T00:00:00.000Z',
  analysis: {
    experiment: 'streaming-features',
    phase: 1,
    metric: 'cost-per-flight',
    asOf: '2001-01-18T12:00:00.000Z',
    units: { control: 6_811, treatment: 6_930 },
    means: { control: 0.747, treatment: 0.557 },
    effect: -0.19,
    ci: [-0.2221, -0.1578],
    ciMethod: "Welch's t, 95 % two-sided, absolute difference",
    pValue: 1e-30,
    cuped: null,
    sequential: { method: 'asymptotic confidence sequence', ci: [-0.2411, -0.1388], pValue: 1e-20 },
    srm: { pValue: 0.31, mismatch: false, expected: { control: 6_870.5, treatment: 6_870.5 } },
    significantSince: '2001-01-15T04:00:00.000Z',
    immature: 212,
    missing: 0,
  },
  decision: null,
  probation: null,
  breaches: [],
};

@Injectable()
class Experimenter {
  constructor(http: HttpRoutes) {
    const listed = { metadata: { name: RESULTS.experiment }, status: { state: RESULTS.state } };
    http.route({ method: 'GET', url: '/v1/experiments', summary: 'All.', handler: () => ({ items: [listed] }) });
    http.route({
      method: 'GET',
      url: '/v1/experiments/:name/results',
      params: Type.Object({ name: Type.String() }),
      summary: 'One.',
      handler: () => RESULTS,
    });
  }
}

@Module({})
class ExperimenterModule {}

/** Stands for experiments, whose figures need days of outcomes: it answers the same questions in the same words. */
const experimenter = defineService({
  name: 'experiments',
  port: 0,
  config: Type.Object({}),
  needs: [],
  publishes: [],
  sends: [],
  kinds: [],
  paths: ['/v1/experiments'],
  migrations: [],
  module: () => ({ module: ExperimenterModule, providers: [Experimenter] }),
  handlers: () => [],
});

@Injectable()
class Clock {
  constructor(http: HttpRoutes) {
    http.route({
      method: 'GET',
      url: '/v1/features/progress',
      summary: 'How far.',
      handler: () => ({ progress: '2001-01-18T12:05:00.000Z' }),
    });
  }
}

@Module({})
class ClockModule {}

/** Stands for features where only their progress is asked for. */
const clock = defineService({
  ...experimenter,
  name: 'features',
  paths: ['/v1/features'],
  module: () => ({ module: ClockModule, providers: [Clock] }),
});

export class LoopLab {
  readonly #database: TestDatabase;
  readonly #folder: TempDir;
  readonly #stands: Running;
  readonly #ingestionPort: number;
  #ingestion: ChildProcess | undefined;
  #gateway: Gateway | undefined;
  #gatewayPort = 0;

  private constructor(made: { database: TestDatabase; folder: TempDir; stands: Running; ingestionPort: number }) {
    this.#database = made.database;
    this.#folder = made.folder;
    this.#stands = made.stands;
    this.#ingestionPort = made.ingestionPort;
  }

  static async open(): Promise<LoopLab> {
    if (!consolePageIsCurrent()) await buildConsolePage();
    const database = await testDatabase();
    const folder = await tempDir('console');
    const env = {
      SQL_URL: database.url,
      DATA_DIR: folder.path,
      REGISTRY_PORT: '0',
      EXPERIMENTS_PORT: '0',
      FEATURES_PORT: '0',
      LOG_LEVEL: 'warn',
      LOG_FILE: join(folder.path, 'registry.log'),
    };
    const lab = new LoopLab({
      database,
      folder,
      stands: await run([promoter, experimenter, clock], { env }),
      ingestionPort: await freePort(),
    });
    await lab.startIngestion();
    await lab.startGateway();
    return lab;
  }

  get url(): string {
    return this.#gateway?.url ?? '';
  }

  async startIngestion(): Promise<void> {
    const { PATH } = process.env;
    const env = {
      PATH,
      SQL_URL: this.#database.url,
      DATA_DIR: this.#folder.path,
      INGESTION_PORT: String(this.#ingestionPort),
      LOG_FILE: join(this.#folder.path, 'ingestion.log'),
    };
    const main = join(ROOT, 'services', 'ingestion', 'src', 'main.ts');
    this.#ingestion = spawn(process.execPath, ['--import', './register.mjs', main], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await eventually(async () => (await fetch(`${this.#ingestionUrl}/readyz`)).ok, { deadlineMs: 30_000, describe: 'ingestion' });
  }

  /** As a power cut does. */
  async killIngestion(): Promise<void> {
    const child = this.#ingestion;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** The second time on the same port. */
  async startGateway(): Promise<void> {
    const services = [
      { name: 'ingestion', url: this.#ingestionUrl, prefixes: ['/v1/events', '/v1/event-types'] },
      { name: 'registry', url: this.#stands.urls['registry'] ?? '', prefixes: ['/v1/promotions'] },
      { name: 'experiments', url: this.#stands.urls['experiments'] ?? '', prefixes: ['/v1/experiments'] },
      { name: 'features', url: this.#stands.urls['features'] ?? '', prefixes: ['/v1/features'] },
    ];
    this.#gateway = await startGateway({ host: '127.0.0.1', port: this.#gatewayPort, portKey: 'port', services, staticDir: PAGE });
    this.#gatewayPort = Number(new URL(this.#gateway.url).port);
  }

  async stopGateway(): Promise<void> {
    await this.#gateway?.stop();
  }

  async close(): Promise<void> {
    await this.stopGateway();
    await this.killIngestion();
    await this.#stands.stop();
    await this.#database.drop();
    await this.#folder.remove();
  }

  get #ingestionUrl(): string {
    return `http://127.0.0.1:${this.#ingestionPort}`;
  }
}

/** For a service that is to come back under the same URL. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
