/** Serving on its ports, with the other services played by their contracts: topics, online rows, artifacts. */
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { DataOf, TopicDefinition } from '@roofshot/contracts/define';
import { assignments, type AllocationDocument } from '@roofshot/contracts/experiments';
import { featureDefinitions } from '@roofshot/contracts/features';
import type { DeploymentState, Prediction } from '@roofshot/contracts/http/serving';
import { modelVersions, type ModelVersionPromoted } from '@roofshot/contracts/models';
import type { DeploymentSpec } from '@roofshot/contracts/resources/deployment';
import type { FeatureServiceSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import { Definitions } from '@roofshot/feature-defs/definitions';
import { progressRow, seriesRow } from '@roofshot/feature-defs/online-rows';
import { addEvent, emptySeries } from '@roofshot/feature-defs/tiles';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { CloudEvent } from '@roofshot/contracts/envelope';
import { decodeEvent, isUndecodable } from '@roofshot/messaging/cloud-event-codec';
import type { EventBus } from '@roofshot/messaging/events';
import type { NewEventOf } from '@roofshot/messaging/handlers';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { createTransactions, type Transactions } from '@roofshot/messaging/transactions';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { openOnlineStore } from '@roofshot/storage/open-online-store';
import type { ObjectStore } from '@roofshot/storage/object-store';
import type { OnlineStore } from '@roofshot/storage/online-store';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';

/** The moment that questions are about. */
export const NOON = '2001-01-15T12:00:00.000Z';
export const noon = Date.parse(NOON);
export const MINUTE = 60_000;

export const landings: FeatureViewSpec = {
  entity: 'airport',
  source: { eventType: 'flight.landed', keys: { airport: 'data.destination' } },
  tile: '5m',
  windows: ['1h'],
  features: [
    { name: 'count', aggregation: 'count' },
    { name: 'late_share', aggregation: 'share', value: 'data.delay > 15' },
  ],
};

export const risk: FeatureServiceSpec = {
  entities: ['origin'],
  context: { hour: 'number', distance: 'number' },
  views: [{ role: 'inbound', view: 'landings', keys: { airport: 'origin' } }],
  requestFeatures: [
    { name: 'hour', value: 'context.hour' },
    { name: 'distance', value: 'context.distance' },
  ],
};

export const delays: DeploymentSpec = {
  model: 'delay',
  featureService: 'risk',
  variants: [
    { name: 'champion', alias: 'champion' },
    { name: 'challenger', alias: 'challenger' },
  ],
  shadows: ['shadow'],
  fallback: { score: 0.25 },
  decision: { warn: 'p > 0.4', hint: 'p > 0.3 && features.hour > 12' },
  maxFeatureAge: '15m',
};

export const allocation: AllocationDocument = {
  experiment: 'fresh-features',
  deployment: 'delays',
  configVersion: 1,
  phase: 1,
  state: 'running',
  unit: 'flight',
  seed: 'exp-1',
  hashVersion: 2,
  coverage: 1,
  variants: [
    { name: 'control', serves: 'champion', weight: 0.5 },
    { name: 'treatment', serves: 'challenger', weight: 0.5 },
  ],
};

/** Models of the tests (see models/make_models.py) with the inputs that they take. */
export const MODELS = {
  timetable: ['hour', 'distance'],
  streaming: ['inbound__late_share_1h', 'inbound__count_1h'],
  coin: ['hour'],
} as const;
export type ModelFile = keyof typeof MODELS;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const timetableScore = (distance: number): number => sigmoid(-1 + 0.0005 * distance);
export const streamingScore = (lateShare: number, count: number): number => sigmoid(-2 + 3 * lateShare + 0.1 * count);

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
}

export class ServingLab {
  readonly database: TestDatabase;
  readonly folder: TempDir;
  readonly bus: EventBus;
  readonly online: OnlineStore;
  readonly objects: ObjectStore;
  readonly transactions: Transactions;
  readonly #eventsUrl: string | undefined;
  readonly #close: () => Promise<void>;
  url = '';
  #moves = 0;

  private constructor(
    parts: Pick<ServingLab, 'database' | 'folder' | 'bus' | 'online' | 'objects' | 'transactions'>,
    eventsUrl: string | undefined,
    close: () => Promise<void>,
  ) {
    this.database = parts.database;
    this.folder = parts.folder;
    this.bus = parts.bus;
    this.online = parts.online;
    this.objects = parts.objects;
    this.transactions = parts.transactions;
    this.#eventsUrl = eventsUrl;
    this.#close = close;
  }

  /** `eventsUrl`: of another log than the one in the services' database. */
  static async open(eventsUrl?: string): Promise<ServingLab> {
    const database = await testDatabase();
    const folder = await tempDir('serving');
    const around = { sql: database.sql, sqlUrl: database.url, log };
    const bus = await openEventBus(eventsUrl ?? database.url, around);
    const queue = await openCommandQueue(database.url, around);
    const online = await openOnlineStore(database.url);
    const objects = await openObjectStore(`file:${join(folder.path, 'objects')}`);
    const transactions = createTransactions(database.sql, bus, queue, { service: 'lab', clock: () => noon });
    await bus.ensureTopics(
      [modelVersions, assignments, featureDefinitions].map(({ name }) => ({ name, retentionMs: null, compacted: false })),
    );
    return new ServingLab({ database, folder, bus, online, objects, transactions }, eventsUrl, async () => {
      await objects.close();
      await online.close();
      await queue.close();
      await bus.close();
      await database.drop();
      await folder.remove();
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** What a process of serving is started with. */
  get env(): Record<string, string> {
    const events = this.#eventsUrl === undefined ? {} : { EVENTS_URL: this.#eventsUrl };
    return {
      DATA_DIR: this.folder.path,
      SQL_URL: this.database.url,
      SERVING_PORT: '0',
      LOG_FILE: join(this.folder.path, 'log'),
      ...events,
    };
  }

  say<T extends TopicDefinition>(topic: T, events: readonly NewEventOf<T>[]): Promise<void> {
    return this.transactions.run((tx) => Promise.resolve(tx.publish(topic, events)));
  }

  async declareFeatures(spec: FeatureServiceSpec = risk, { name = 'risk', generation = 1 } = {}): Promise<void> {
    const declared = { generation: 1, deleted: false };
    await this.say(featureDefinitions, [
      { type: 'entity.changed', subject: 'Entity/airport', data: { ...declared, name: 'airport', spec: { keys: ['airport'] } } },
      { type: 'feature-view.changed', subject: 'FeatureView/landings', data: { ...declared, name: 'landings', spec: landings } },
      { type: 'feature-service.changed', subject: `FeatureService/${name}`, data: { ...declared, generation, name, spec } },
    ]);
  }

  /** Puts an airport's last hour before noon into the online store: landings with these delays, a minute apart. */
  async putLandings(airport: string, arrivalDelays: readonly number[]): Promise<void> {
    const plan = viewPlan();
    const series = emptySeries(plan.layout);
    arrivalDelays.forEach((delay, i) => {
      const time = noon - 30 * MINUTE + i * MINUTE;
      const added = plan.contributionOf({ id: String(i), data: { destination: airport, delay }, time, knownTime: time });
      if (added === undefined) throw new Error('the landing adds nothing');
      addEvent(series, added);
    });
    await this.online.put([seriesRow(plan.stateKey, JSON.stringify([airport]), series, 1)]);
  }

  /** Everything before `time` is in the online store. */
  putProgress(time: number): Promise<void> {
    return this.online.put([progressRow(viewPlan().stateKey, time)]);
  }

  /** The registry moves an alias; answers what it said. */
  async moveAlias(alias: string, version: number, file: ModelFile, over: Partial<DataOf<typeof ModelVersionPromoted>> = {}): Promise<void> {
    const path = new URL(`models/${file}.onnx`, import.meta.url);
    const { key } = await this.objects.putBytes(await readFile(path));
    const signature = {
      inputs: MODELS[file].map((name) => ({ name, dtype: 'float' })),
      output: { name: 'probabilities', dtype: 'float', meaning: 'probability of late' },
    };
    const move = { model: 'delay', version, alias, previous: null, artifact: key, signature, aliasRevision: (this.#moves += 1) };
    await this.say(modelVersions, [{ type: 'model-version.promoted', data: { ...move, reason: 'test', requestedBy: 'lab', ...over } }]);
  }

  allocate(document: AllocationDocument = allocation): Promise<void> {
    return this.say(assignments, [{ type: 'assignment.changed', data: document }]);
  }

  async call<T = Record<string, unknown>>(path: string, init: { method?: string; body?: unknown } = {}): Promise<Answer<T>> {
    const { method = 'GET', body } = init;
    const answer = await fetch(this.url + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.status, body: (await answer.json()) as T };
  }

  /** Every topic followed, every version loaded. */
  async ready(): Promise<void> {
    await eventually(async () => expect((await this.call('/readyz')).body).toMatchObject({ waitsFor: [] }));
  }

  deploy(spec: DeploymentSpec = delays, name = 'delays'): Promise<Answer> {
    const body = { apiVersion: 'roofshot/v1', kind: 'Deployment', metadata: { name }, spec };
    return this.call(`/v1/deployments/${name}`, { method: 'PUT', body });
  }

  /** Held until it is so, as any caller of serving would wait. */
  async awaitState(query: string, name = 'delays'): Promise<DeploymentState> {
    return (await this.call<DeploymentState>(`/v1/deployments/${name}/state?${query}&wait=20s`)).body;
  }

  /** Held until the deployment serves these versions and all that it refers to is there: they come on different topics, in any order. */
  async awaitServing(versions: Readonly<Record<string, number>>, name = 'delays'): Promise<void> {
    for (const [alias, version] of Object.entries(versions)) await this.awaitState(`alias=${alias}&version=${version}`, name);
    await eventually(async () => expect(await this.awaitState('', name)).toMatchObject({ ready: true }));
  }

  predict(body: unknown, name = 'delays'): Promise<Answer<Prediction & Record<string, unknown>>> {
    return this.call(`/v1/predict/${name}`, { method: 'POST', body });
  }

  async predictAll(requests: readonly unknown[]): Promise<readonly Prediction[]> {
    const { status, body } = await this.call<{ predictions: Prediction[] }>('/v1/predict/delays', { method: 'POST', body: { requests } });
    if (status !== 200) throw new Error(`predict answered ${status}: ${JSON.stringify(body)}`);
    return body.predictions;
  }

  /** Held until all that was answered, and what shadows say to it, lies on the log. */
  async published(): Promise<void> {
    const { body } = await this.call<{ reached: boolean }>('/v1/predictions/progress?wait=20s');
    if (!body.reached) throw new Error('the spool was not published within 20 s');
  }

  /** All events of a topic, each partition in order. */
  async read<D>(topic: TopicDefinition, type?: string): Promise<CloudEvent<string, D>[]> {
    const events: CloudEvent<string, D>[] = [];
    for (const { partition, start, end } of await this.bus.bounds(topic.name)) {
      for (let offset = start; offset < end;) {
        const records = await this.bus.readFrom({ topic: topic.name, partition }, offset, 1_000);
        if (records.length === 0) break;
        events.push(...(records.map(decodeEvent).filter((event) => !isUndecodable(event)) as CloudEvent<string, D>[]));
        offset = (records.at(-1)?.offset ?? offset) + 1;
      }
    }
    return events.filter((event) => type === undefined || event.type === type);
  }
}

function viewPlan(): ViewPlan {
  const definitions = new Definitions();
  definitions.setEntity({ name: 'airport', generation: 1, deleted: false, spec: { keys: ['airport'] } });
  definitions.setView({ name: 'landings', generation: 1, deleted: false, spec: landings });
  const plan = definitions.views().get('landings');
  if (plan === undefined) throw new Error('the view has no plan');
  return plan;
}

/** A question about a flight at noon. */
export const question = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  unit: 'flight-1',
  entities: { origin: 'ORD' },
  context: { hour: 12, distance: 1000 },
  asOf: NOON,
  ...over,
});
