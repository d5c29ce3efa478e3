/** The whole service on a fresh database, spoken to through its contracts only: HTTP, topics, commands, the online store. */
import { DuckDBInstance } from '@duckdb/node-api';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { SOURCE_PROGRESSED, type CloudEvent } from '@roofshot/contracts/envelope';
import { eventProgress, eventTypes, topicOf } from '@roofshot/contracts/events';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import type { EventBus, OutgoingRecord } from '@roofshot/messaging/events';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { run, type Running } from '@roofshot/runtime/run';
import { openOnlineStore } from '@roofshot/storage/open-online-store';
import type { OnlineStore } from '@roofshot/storage/online-store';
import { log } from '@roofshot/telemetry/logger';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { parseAllDocuments } from 'yaml';
import { features } from '../src/service.ts';

export const LANDED = 'flight.landed';
export const DEPARTED = 'flight.departed';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface Flight {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  /** Default: the event time, as an import declares it. */
  readonly known?: string;
  readonly data: Record<string, unknown>;
}

/** The resources of a YAML file in the examples. */
export function exampleResources(file: string): { kind: string; metadata: { name: string }; spec: Record<string, unknown> }[] {
  const text = readFileSync(new URL(`../../../examples/flights/${file}`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as ReturnType<typeof exampleResources>[number]);
}

export class FeaturesHarness {
  readonly database: TestDatabase;
  readonly bus: EventBus;
  readonly online: OnlineStore;
  readonly #folder: TempDir;
  readonly #onlineUrl: string | undefined;
  #running: Running | undefined;

  private constructor(made: {
    database: TestDatabase;
    bus: EventBus;
    online: OnlineStore;
    onlineUrl: string | undefined;
    folder: TempDir;
  }) {
    this.database = made.database;
    this.bus = made.bus;
    this.online = made.online;
    this.#folder = made.folder;
    this.#onlineUrl = made.onlineUrl;
  }

  /** A database with the event types of the example, and the service running on it. */
  static async start(options: { clock?: () => number; importer?: boolean; onlineUrl?: string } = {}): Promise<FeaturesHarness> {
    const database = await testDatabase();
    const bus = await openEventBus(database.url, { sql: database.sql, sqlUrl: database.url, log });
    const online = await openOnlineStore(options.onlineUrl ?? database.url);
    const harness = new FeaturesHarness({ database, bus, online, onlineUrl: options.onlineUrl, folder: await tempDir('features') });
    await harness.run(options);
    await bus.ensureTopics([LANDED, DEPARTED].map((type) => ({ name: topicOf(type), retentionMs: null, compacted: false })));
    await harness.declareEventTypes(options.importer ?? true);
    return harness;
  }

  async run(options: { clock?: () => number } = {}): Promise<void> {
    const env = { ...this.env, FEATURES_PORT: '0', LOG_LEVEL: 'error' };
    this.#running = await run([features], { env, ...options });
  }

  get env(): Record<string, string> {
    return {
      SQL_URL: this.database.url,
      DATA_DIR: this.#folder.path,
      ...(this.#onlineUrl !== undefined && { ONLINE_URL: this.#onlineUrl }),
    };
  }

  async stopService(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async stop(): Promise<void> {
    await this.stopService();
    await this.bus.close();
    await this.online.close();
    await this.database.drop();
    await this.#folder.remove();
  }

  get url(): string {
    return this.#running?.urls['features'] ?? '';
  }

  async send<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  async apply(
    resources: readonly object[],
  ): Promise<Answer<{ results: { result: string }[]; faults: { path: string; message: string }[] }>> {
    return this.send('POST', '/v1/apply/features', { resources, dryRun: false });
  }

  /** Appends accepted events, as ingestion would; subject and key are the flight. */
  async accept(flights: readonly Flight[]): Promise<void> {
    await this.bus.publish(flights.map(recordOf));
  }

  /** Says in every partition that all events before `time` have been sent. */
  async progress(time: string, types: readonly string[] = [LANDED, DEPARTED]): Promise<void> {
    const bounds = (await Promise.all(types.map((type) => this.bus.bounds(topicOf(type))))).flat();
    const event = { ...envelope(SOURCE_PROGRESSED, randomUUID(), time), data: { eventTime: time, source: '/replay/test' } };
    await this.bus.publish(bounds.map(({ topic, partition }) => ({ ...encodeEvent({ topic, key: 'progress' }, event), partition })));
  }

  /** As ingestion says of live streams that nothing was known after one time, at which it said their progress, and up to another. */
  async quiet(after: string, until: string, types: readonly string[] = [LANDED, DEPARTED]): Promise<void> {
    const event = envelope('stream.advanced', randomUUID(), until);
    await this.bus.publish(
      types.map((eventType) => encodeEvent({ topic: eventProgress.name, key: eventType }, { ...event, data: { eventType, after, until } })),
    );
  }

  /** Held until features have applied everything before `at`. */
  async reach(
    at: string,
  ): Promise<{ progress: string | null; reached: boolean; lag: number; tasks: { position: number; progress: string | null }[] }> {
    const { body } = await this.send<Awaited<ReturnType<FeaturesHarness['reach']>>>(
      'GET',
      `/v1/features/progress?at=${encodeURIComponent(at)}&wait=20s`,
    );
    if (!body.reached) throw new Error(`Features have not reached ${at}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Held until a changed view has taken the place of the one before. */
  async switched(view: string): Promise<void> {
    const { body } = await this.send<{ state: string }>('GET', `/v1/feature-backfills/${view}?wait=20s`);
    if (body.state !== 'switched') throw new Error(`The view ${view} was not switched to: ${JSON.stringify(body)}`);
  }

  async read(requests: readonly object[], featureService = 'flight-risk'): Promise<ReadVector[]> {
    const { status, body } = await this.send<{ vectors: ReadVector[] }>('POST', '/v1/features/read', { featureService, requests });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.vectors;
  }

  /** The rows of a snapshot's table. */
  async snapshotRows(object: string): Promise<Record<string, unknown>[]> {
    const objects = await openObjectStore(`file:${this.env['DATA_DIR'] ?? ''}/objects`);
    const path = await objects.fetch(object);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const reader = await connection.runAndReadAll(
      `SELECT * REPLACE (epoch_ms(event_time)::DOUBLE AS event_time) FROM read_parquet('${path}')`,
    );
    return reader.getRowObjectsJson();
  }

  /** What was said on a topic, in log order per partition. */
  async said(topic: string): Promise<{ type: string; id: string; data: Record<string, unknown> }[]> {
    const bounds = await this.bus.bounds(topic);
    const records = (await Promise.all(bounds.map((partition) => this.bus.readFrom(partition, partition.start, 10_000)))).flat();
    return records.map(({ headers, value }) => ({
      type: headers['ce_type'] ?? '',
      id: headers['ce_id'] ?? '',
      data: JSON.parse(value) as Record<string, unknown>,
    }));
  }

  /** As ingestion says which event types there are. */
  async declareEventTypes(importer: boolean): Promise<void> {
    const declare = (name: string): OutgoingRecord =>
      encodeEvent(
        { topic: eventTypes.name, key: name },
        {
          ...envelope('event-type.changed', randomUUID(), '2001-01-01T00:00:00Z'),
          data: { name, generation: 1, importer, deleted: false },
        },
      );
    await this.bus.publish([LANDED, DEPARTED].map(declare));
  }
}

export interface ReadVector {
  readonly values: Record<string, number | null>;
  readonly statuses: Record<string, string>;
  readonly ageSeconds: number;
  readonly ages: Record<string, number>;
}

function envelope(type: string, id: string, time: string): Omit<CloudEvent, 'data'> {
  return { specversion: '1.0', id, source: '/replay/test', type, time, knowntime: time };
}

export function recordOf({ id, type, time, known = time, data }: Flight): OutgoingRecord {
  const event: CloudEvent = { ...envelope(type, `${id}#${type}`, time), subject: id, knowntime: known, data };
  return encodeEvent({ topic: topicOf(type), key: id }, event);
}
