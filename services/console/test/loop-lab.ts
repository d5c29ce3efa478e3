/** The console before a small platform: ingestion as a process of its own, a service that promotes, and the gateway with the built page. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Inject, Injectable, Module } from '@nestjs/common';
import { modelVersions } from '@roofshot/contracts/models';
import { startGateway, type Gateway } from '@roofshot/runtime/gateway';
import { HttpRoutes } from '@roofshot/runtime/http';
import { run, type Running } from '@roofshot/runtime/run';
import { defineService, PLATFORM, type Platform } from '@roofshot/runtime/service';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { Type } from 'typebox';
import { buildConsolePage, consolePageIsCurrent } from '../../../scripts/bootstrap/console-page.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = join(ROOT, 'services', 'console', 'dist');

@Injectable()
class Promoter {
  constructor(@Inject(PLATFORM) { transactions }: Platform<'events' | 'commands' | 'sql'>, http: HttpRoutes) {
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

export class LoopLab {
  readonly #database: TestDatabase;
  readonly #folder: TempDir;
  readonly #promoter: Running;
  readonly #ingestionPort: number;
  #ingestion: ChildProcess | undefined;
  #gateway: Gateway | undefined;
  #gatewayPort = 0;

  private constructor(made: { database: TestDatabase; folder: TempDir; promoter: Running; ingestionPort: number }) {
    this.#database = made.database;
    this.#folder = made.folder;
    this.#promoter = made.promoter;
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
      LOG_LEVEL: 'warn',
      LOG_FILE: join(folder.path, 'registry.log'),
    };
    const lab = new LoopLab({ database, folder, promoter: await run([promoter], { env }), ingestionPort: await freePort() });
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
      { name: 'registry', url: this.#promoter.urls['registry'] ?? '', prefixes: ['/v1/promotions'] },
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
    await this.#promoter.stop();
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
