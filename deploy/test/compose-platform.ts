/** The platform as containers: compose.yaml as it is, and what a test changes of it in a file over it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@roofshot/testing/eventually';
import type { ServerUrls } from '@roofshot/testing/platform-servers';
import { stringify } from 'yaml';
import type { Platform, Topology } from '../../services/all-in-one/test/journey/platform.ts';
import { ROOT } from './compose-file.ts';
import { freeDoors, overrideFor, PARTITIONS, PARTS, variablesFor, type Doors } from './compose-override.ts';
import { docker } from './docker.ts';
import type { Images } from './images.ts';

const READY_SECONDS = 240;
const BACK_MS = 120_000;
const DOWN_MS = 30_000;
const TROUBLE = /"log.level":"(warn|error|fatal)"|ERROR|FATAL|Exception/;
const MOST_LINES = 40;

export const containers = (images: () => Images): Topology => ({
  name: 'as containers on Kafka, RabbitMQ, PostgreSQL, Redis, S3 and Elasticsearch',
  open: (folder) => ComposePlatform.open(folder, images()),
});

let opened = 0;

class ComposePlatform implements Platform {
  readonly parts = PARTS;
  readonly #doors: Doors;
  readonly #variables: Readonly<Record<string, string>>;
  /** By the part's name, once it has been started. */
  #containers: ReadonlyMap<string, string> = new Map();
  readonly #compose: (...args: readonly string[]) => Promise<string>;

  private constructor(folder: string, doors: Doors, variables: Readonly<Record<string, string>>) {
    this.#doors = doors;
    this.#variables = variables;
    const project = `roofshot-test-${process.pid}-${(opened += 1)}`;
    const files = ['--file', join(ROOT, 'compose.yaml'), '--file', join(folder, 'override.yaml'), '--env-file', join(folder, 'env')];
    this.#compose = (...args) => docker('compose', '--project-name', project, ...files, '--progress', 'quiet', ...args);
  }

  static async open(folder: string, images: Images): Promise<ComposePlatform> {
    const doors = await freeDoors();
    const variables = variablesFor(doors);
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(folder, 'env'), lines.join(''));
    await writeFile(join(folder, 'override.yaml'), stringify(overrideFor(doors, images)));
    return new ComposePlatform(folder, doors, variables);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#doors.gateway}`;
  }

  /** In the order that Docker likes: none waits for another. Ready when the gateway's own health check says so; the logs may come later. */
  async start(): Promise<void> {
    const up = (...args: readonly string[]): Promise<string> => this.#compose('up', '--detach', '--no-build', ...args);
    await up('elasticsearch');
    await this.#explained(() => up('--wait', '--wait-timeout', String(READY_SECONDS), 'gateway'));
    const lines = (await this.#compose('ps', '--format', '{{.Service}} {{.Name}}')).trim().split('\n');
    this.#containers = new Map(lines.map((line) => line.split(' ') as [string, string]));
  }

  /** By its container's own name: what is on its way at this moment is to be hit, and compose thinks for a second. */
  async kill(part: string): Promise<void> {
    await docker('kill', this.#containers.get(part) ?? '');
  }

  async restart(part: string): Promise<void> {
    await docker('start', this.#containers.get(part) ?? '');
    const isBack = async (): Promise<boolean> => {
      const { services } = (await (await fetch(`${this.url}/status`)).json()) as { services: readonly { name: string; ready: boolean }[] };
      return part === 'gateway' || services.some(({ name, ready }) => name === part && ready);
    };
    await this.#explained(() => eventually(isBack, { deadlineMs: BACK_MS, describe: `${part} to be ready again` }));
  }

  async stop(): Promise<void> {
    try {
      await this.#compose('stop');
      const ends = (await this.#compose('ps', '--all', '--format', '{{.Service}} {{.ExitCode}}')).trim().split('\n');
      const wrong = ends.filter((end) => PARTS.some((part) => end.startsWith(`${part} `)) && !end.endsWith(' 0'));
      if (wrong.length > 0) await this.#explained(() => Promise.reject(new Error(`These did not stop in order: ${wrong.join(', ')}.`)));
    } finally {
      // An engine may still be taking a container off its network when it is asked to remove that.
      await eventually(() => this.#compose('down', '--volumes', '--remove-orphans').then(() => true), { deadlineMs: DOWN_MS });
    }
  }

  servers(): Promise<ServerUrls & { readonly SQL_URL: string }> {
    const { kafka, postgres, elasticsearch } = this.#doors;
    const { POSTGRES_PASSWORD, ELASTIC_PASSWORD } = this.#variables;
    return Promise.resolve({
      SQL_URL: `postgres://roofshot:${POSTGRES_PASSWORD}@127.0.0.1:${postgres}/roofshot`,
      EVENTS_URL: `kafka://127.0.0.1:${kafka}?partitions=${PARTITIONS}`,
      ELASTICSEARCH_URL: `http://elastic:${ELASTIC_PASSWORD}@127.0.0.1:${elasticsearch}`,
    });
  }

  /** A failure with the last words of all containers that tell of trouble. */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const said = (await this.#compose('logs', '--no-color', '--tail', '500')).split('\n');
      const trouble = said.filter((line) => TROUBLE.test(line)).slice(-MOST_LINES);
      throw new Error([(error as Error).message, ...trouble].join('\n'), { cause: error });
    }
  }
}
