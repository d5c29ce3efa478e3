/** The whole service on its ports, for tests: HTTP in, topics out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SOURCE_PROGRESSED } from '@roofshot/contracts/envelope';
import type { EventBus, LogRecord } from '@roofshot/messaging/events';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { run, type Running } from '@roofshot/runtime/run';
import { log } from '@roofshot/telemetry/logger';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { ingestion } from '../src/service.ts';

/** Where the lab's clock stands. Known times come from the database's, which nobody can stop. */
export const NOW = Date.now();
/** RFC 3339, some seconds from now; negative: ago. */
export const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
export const BATCH = 'application/cloudevents-batch+json';
export const SINGLE = 'application/cloudevents+json';

export interface Told {
  readonly id: string;
  readonly verdict: string;
  readonly reason?: string;
  readonly path?: string;
  readonly detail?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, never> & { results?: Told[] } & Record<string, unknown>;
}

const orderSchema = {
  type: 'object',
  required: ['amount'],
  additionalProperties: false,
  properties: { amount: { type: 'number', minimum: 0 }, note: { type: 'string' } },
};

let ids = 0;
/** A valid order, but for what is given over it. */
export const event = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: `e${(ids += 1)}`,
  source: '/shop',
  type: 'order.placed',
  subject: 'customer-1',
  time: at(-60),
  data: { amount: 1 },
  ...over,
});

/** Without control records. */
export const eventsOf = (records: readonly LogRecord[]): LogRecord[] =>
  records.filter(({ headers }) => headers['ce_type'] !== SOURCE_PROGRESSED);

export const idsOf = (records: readonly LogRecord[]): (string | undefined)[] => records.map(({ headers }) => headers['ce_id']);

export class IngestionLab {
  database!: TestDatabase;
  bus!: EventBus;
  clock = NOW;
  #folder = '';
  #running!: Running;

  #eventsUrl = '';

  /** With the event types that the tests send. `eventsUrl`: of another log than the one in the services' database. */
  async open(eventsUrl?: string): Promise<void> {
    this.database = await testDatabase();
    this.#eventsUrl = eventsUrl ?? this.database.url;
    this.#folder = await mkdtemp(join(tmpdir(), 'ingestion-'));
    await this.start();
    this.bus = await openEventBus(this.#eventsUrl, { sql: this.database.sql, sqlUrl: this.database.url, log });
    await this.declare('order.placed', { schema: orderSchema, pii: ['/note'] });
    await this.declare('door.opened', { schema: { type: 'object' }, maxDelay: '60s' });
    await this.declare('import.row', { schema: { type: 'object' }, knownTime: 'knowntime' });
  }

  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#running = await this.startReplica('first', settings);
  }

  /** One more process of the service on the same database. The caller stops it. */
  startReplica(name: string, settings: Readonly<Record<string, string>> = {}): Promise<Running> {
    const folder = join(this.#folder, name);
    const env = {
      DATA_DIR: folder,
      SQL_URL: this.database.url,
      EVENTS_URL: this.#eventsUrl,
      INGESTION_PORT: '0',
      LOG_FILE: join(folder, 'log'),
      ...settings,
    };
    return run([ingestion], { env, clock: () => this.clock });
  }

  get url(): string {
    return this.#running.urls['ingestion'] ?? '';
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.bus.close();
    await this.database.drop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, init);
  }

  async send(path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await this.fetch(path, init);
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  }

  declare(name: string, spec: object): Promise<Answer> {
    const body = JSON.stringify({ apiVersion: 'roofshot/v1', kind: 'EventType', metadata: { name }, spec });
    return this.send(`/v1/event-types/${name}`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
  }

  post(body: unknown, type = BATCH, headers: Record<string, string> = {}): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.send('/v1/events', { method: 'POST', body: text, headers: { 'content-type': type, ...headers } });
  }

  async verdictOf(over: Record<string, unknown>): Promise<Told> {
    const { body } = await this.post([event(over)]);
    return body.results?.[0] ?? { id: '', verdict: 'none' };
  }

  async onLog(topic: string): Promise<LogRecord[]> {
    const bounds = await this.bus.bounds(topic);
    const parts = await Promise.all(bounds.map((part) => this.bus.readFrom(part, part.start, 100_000)));
    return parts.flat();
  }
}
