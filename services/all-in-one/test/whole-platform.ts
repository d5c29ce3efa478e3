/** All services in this process, each at its own port and behind a gateway, on a database of their own. */
import { fileURLToPath } from 'node:url';
import { loadResources } from '@roofshot/cli/load-resources';
import { startGateway } from '@roofshot/runtime/gateway';
import { run, type Running } from '@roofshot/runtime/run';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { allServices } from '../src/services.ts';

export interface Answered {
  readonly status: number;
  readonly text: string;
}

export class WholePlatform {
  readonly database: TestDatabase;
  readonly #folder: TempDir;
  #running: Running | undefined;
  #gateway = '';

  private constructor(database: TestDatabase, folder: TempDir) {
    this.database = database;
    this.#folder = folder;
  }

  static async start(): Promise<WholePlatform> {
    const platform = new WholePlatform(await testDatabase(), await tempDir('whole platform'));
    await platform.resume();
    return platform;
  }

  async resume(): Promise<void> {
    const ports = Object.fromEntries(allServices.map(({ name }) => [`${name.toUpperCase()}_PORT`, '0']));
    const env = { SQL_URL: this.database.url, DATA_DIR: this.#folder.path, LOG_LEVEL: 'fatal', ...ports };
    this.#running = await run(allServices, {
      env,
      whole: true,
      front: async (services) => {
        const gateway = await startGateway({ host: '127.0.0.1', port: 0, portKey: '--port', services });
        this.#gateway = gateway.url;
        return gateway;
      },
    });
  }

  async pause(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async stop(): Promise<void> {
    await this.pause();
    await this.database.drop();
    await this.#folder.remove();
  }

  /** The address of a service, or of the `gateway`. */
  urlOf(service: string): string {
    return service === 'gateway' ? this.#gateway : (this.#running?.urls[service] ?? '');
  }

  async ask(service: string, path: string, method = 'GET', body?: unknown): Promise<Answered> {
    const json = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(this.urlOf(service) + path, { method, ...json });
    return { status: answer.status, text: await answer.text() };
  }

  /** The shop of the journey: resources of every kind that need each other. */
  async declareShop(): Promise<void> {
    const { resources } = loadResources([fileURLToPath(new URL('./journey/resources.yaml', import.meta.url))]);
    for (const { name, kinds } of allServices) {
      const own = resources.map(({ resource }) => resource).filter(({ kind }) => kinds.some((known) => known.name === kind));
      const { status, text } = await this.ask(name, `/v1/apply/${name}`, 'POST', { resources: own, dryRun: false });
      if (status !== 200) throw new Error(`${name} answered ${status}: ${text}`);
    }
  }
}
