/** The platform as containers: compose.yaml as it is, and what a test changes of it in a file over it. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@roofshot/testing/eventually';
import { freePorts } from '@roofshot/testing/free-ports';
import { stringify } from 'yaml';
import { allServices } from '../../services/all-in-one/src/services.ts';
import type { Platform, Topology } from '../../services/all-in-one/test/journey/platform.ts';
import { patience } from '../../services/all-in-one/test/journey/service-settings.ts';
import { ROOT, variablesOfCompose } from './compose-file.ts';
import { docker } from './docker.ts';
import { imageOf, type Images } from './images.ts';

export const PARTS = [...allServices.map(({ name }) => name), 'gateway'];
const READY_SECONDS = 240;
const BACK_MS = 120_000;
const DOWN_MS = 30_000;
const PARTITIONS = 2;

export const containers = (images: () => Images): Topology => ({
  name: 'as containers on Kafka, RabbitMQ, PostgreSQL, Redis and S3',
  open: (folder) => ComposePlatform.open(folder, images()),
});

interface Doors {
  readonly gateway: number;
  readonly kafka: number;
  readonly postgres: number;
}

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
    const [gateway = 0, kafka = 0, postgres = 0] = await freePorts(3);
    const doors = { gateway, kafka, postgres };
    const secrets = [...variablesOfCompose().required].map((name) => [name, randomBytes(12).toString('hex')]);
    const variables = {
      ...(Object.fromEntries(secrets) as Record<string, string>),
      ROOFSHOT_PORT: String(gateway),
      KAFKA_PARTITIONS: String(PARTITIONS),
    };
    await writeFile(
      join(folder, 'env'),
      Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    await writeFile(join(folder, 'override.yaml'), stringify({ services: overrides(doors, images) }));
    return new ComposePlatform(folder, doors, variables);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#doors.gateway}`;
  }

  /** In the order that Docker likes: none waits for another. Ready when the gateway's own health check says so. */
  async start(): Promise<void> {
    await this.#explained(() => this.#compose('up', '--detach', '--no-build', '--wait', '--wait-timeout', String(READY_SECONDS)));
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

  servers(): Promise<{ readonly SQL_URL: string; readonly EVENTS_URL: string }> {
    return Promise.resolve({
      SQL_URL: `postgres://roofshot:${this.#variables['POSTGRES_PASSWORD']}@127.0.0.1:${this.#doors.postgres}/roofshot`,
      EVENTS_URL: `kafka://127.0.0.1:${this.#doors.kafka}?partitions=${PARTITIONS}`,
    });
  }

  /** A failure with the last words of all containers. */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const said = await this.#compose('logs', '--no-color', '--tail', '8');
      throw new Error(`${(error as Error).message}\n${said}`, { cause: error });
    }
  }
}

/** Images of our own making, and doors for who looks at the log past all services. */
function overrides({ kafka, postgres }: Doors, { servers }: Images): Record<string, object> {
  const images = { ...servers, ...Object.fromEntries(PARTS.map((part) => [part, imageOf(part)])) };
  const networks = ['servers', 'services'];
  const changes: Record<string, object> = {
    ...Object.fromEntries(PARTS.map((part) => [part, { environment: patience(part) }])),
    kafka: {
      environment: {
        KAFKA_LISTENERS: `PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093,OUTSIDE://:${kafka}`,
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://kafka:9092,OUTSIDE://127.0.0.1:${kafka}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,OUTSIDE:PLAINTEXT',
      },
      ports: [`127.0.0.1:${kafka}:${kafka}`],
      networks,
    },
    postgres: { ports: [`127.0.0.1:${postgres}:5432`], networks },
  };
  for (const [name, image] of Object.entries(images)) changes[name] = { ...changes[name], image };
  return changes;
}
