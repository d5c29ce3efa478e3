/** Ingestion as a process of its own, for tests that kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@roofshot/testing/free-ports';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const REGISTER = new URL('../../../register.mjs', import.meta.url).href;

export interface ReplicaPlace {
  /** Its own. */
  readonly folder: string;
  readonly sqlUrl: string;
  readonly eventsUrl: string;
}

export class IngestionReplica {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Started, and not waited for. */
  static async launch({ folder, sqlUrl, eventsUrl }: ReplicaPlace): Promise<IngestionReplica> {
    const [port = 0] = await freePorts(1);
    await mkdir(folder, { recursive: true });
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATA_DIR: folder, SQL_URL: sqlUrl, EVENTS_URL: eventsUrl, INGESTION_PORT: String(port), LOG_LEVEL: 'error' };
    const child = spawn(process.execPath, ['--import', REGISTER, MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    return new IngestionReplica(child, port);
  }

  async isReady(): Promise<boolean> {
    return fetch(`${this.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** As the machine's owner ends it, or as the world does. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
