/** All services and their database as one process, on one folder. */
import { join } from 'node:path';
import { readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { allServices } from '../../src/services.ts';
import type { Platform, Topology } from './platform.ts';
import { Program } from './program.ts';
import { patience } from './service-settings.ts';

export const allInOne: Topology = {
  name: 'all in one process',
  open: (folder) => Promise.resolve(new AllInOne(folder)),
};

class AllInOne implements Platform {
  readonly parts = ['platform'];
  url = '';
  readonly #folder: string;
  readonly #program: Program;

  constructor(folder: string) {
    this.#folder = folder;
    this.#program = new Program({
      name: 'platform',
      main: 'services/all-in-one/src/main.ts',
      args: ['--port', '0', '--json'],
      env: {
        ...Object.assign({}, ...allServices.map(({ name }) => ({ [`${name.toUpperCase()}_PORT`]: '0', ...patience(name) }))),
        DATA_DIR: folder,
        LOG_FILE: join(folder, 'platform.log'),
      },
      complaints: join(folder, 'platform.err'),
    });
  }

  async start(): Promise<void> {
    this.#program.launch();
    const line = await this.#program.until(
      'ready',
      () => this.#program.output.split('\n').find((one) => one.includes('"ready":true')) ?? '',
    );
    this.url = (JSON.parse(line) as { url: string }).url;
  }

  /** Its PostgreSQL is left behind. */
  kill(): Promise<void> {
    return this.#program.kill();
  }

  restart(): Promise<void> {
    return this.start();
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  async servers(): Promise<{ readonly SQL_URL: string }> {
    return { SQL_URL: await readEmbeddedUrl(join(this.#folder, 'postgres')) };
  }
}
