/** The whole service on a fresh database, spoken to as the other services would: by topics, commands and HTTP. */
import type { DataOf, TopicDefinition } from '@roofshot/contracts/define';
import { deployments } from '@roofshot/contracts/deployments';
import { SOURCE_PROGRESSED } from '@roofshot/contracts/envelope';
import { eventProgress, eventTypes, topicOf } from '@roofshot/contracts/events';
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { modelVersions, PromoteModelVersion, RollBackModelVersion } from '@roofshot/contracts/models';
import type { ExperimentSpec, MetricSpec } from '@roofshot/contracts/resources/experiment-kinds';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import type { CommandQueue, QueueConsumption } from '@roofshot/messaging/commands';
import type { EventBus, OutgoingRecord } from '@roofshot/messaging/events';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { createTransactions, type Transactions } from '@roofshot/messaging/transactions';
import { run, type Running } from '@roofshot/runtime/run';
import { log } from '@roofshot/telemetry/logger';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { experiments } from '../src/service.ts';

export const MONDAY = Date.parse('2001-01-15T00:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const iso = (time: number): string => new Date(time).toISOString();

export const LANDED = 'flight.landed';
export const MODEL = 'delay';
export const DEPLOYMENT = 'delays';
export const EXPERIMENT = 'fresh-features';

export const costPerFlight: MetricSpec = {
  type: 'mean',
  direction: 'decrease',
  source: { deployment: DEPLOYMENT, outcome: { eventType: LANDED } },
  value: "outcome.delay > 15 ? (decision == 'warn' ? 0.0 : 4.0) : (decision == 'warn' ? 1.0 : 0.0)",
  maturity: '12h',
  covariate: 'features.share',
};

export const freshFeatures: ExperimentSpec = {
  deployment: DEPLOYMENT,
  unit: 'flight',
  seed: 'exp-1',
  hashVersion: 2,
  variants: [
    { name: 'control', serves: 'champion', weight: 0.5, control: true },
    { name: 'treatment', serves: 'challenger', weight: 0.5 },
  ],
  metric: 'cost-per-flight',
  design: { duration: '7d' },
  probation: {
    shadowAlias: 'shadow',
    guardrails: [
      { name: 'degraded-vectors', type: 'degraded-share', max: 0.05 },
      { name: 'worse-than-before', type: 'paired-metric', metric: 'cost-per-flight', max: 0 },
    ],
  },
};

const SIGNATURE = {
  inputs: [{ name: 'share', dtype: 'float' as const }],
  output: { name: 'probabilities', dtype: 'float' as const, meaning: 'probability of late' },
};
const ENVELOPE = { specversion: '1.0', source: '/tests' } as const;

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

type Sent =
  | { readonly type: 'promote'; readonly data: DataOf<typeof PromoteModelVersion> }
  | { readonly type: 'roll-back'; readonly data: DataOf<typeof RollBackModelVersion> };

export class Lab {
  readonly database: TestDatabase;
  readonly bus: EventBus;
  readonly transactions: Transactions;
  /** What the registry was asked for, in order. */
  readonly ordered: Sent[] = [];
  readonly #folder: TempDir;
  readonly #queue: CommandQueue;
  readonly #processes: Running[] = [];
  readonly #registry: QueueConsumption[] = [];
  readonly #clock: (() => number) | undefined;
  #started = 0;
  readonly #revisions = new Map<string, number>();

  private constructor(parts: {
    database: TestDatabase;
    folder: TempDir;
    bus: EventBus;
    queue: CommandQueue;
    clock: (() => number) | undefined;
  }) {
    this.#clock = parts.clock;
    this.database = parts.database;
    this.bus = parts.bus;
    this.#folder = parts.folder;
    this.#queue = parts.queue;
    this.transactions = createTransactions(parts.database.sql, parts.bus, parts.queue, { service: 'others', clock: Date.now });
  }

  /** Running, with one deployment of two variants, and landings as imported events. */
  static async start(options: { readonly clock?: () => number; readonly isLive?: boolean } = {}): Promise<Lab> {
    const database = await testDatabase();
    const folder = await tempDir('experiments');
    const surroundings = { sql: database.sql, sqlUrl: database.url, log };
    const bus = await openEventBus(database.url, surroundings);
    const queue = await openCommandQueue(database.url, surroundings);
    const lab = new Lab({ database, folder, bus, queue, clock: options.clock });
    await lab.#playOthers(options.isLive !== true);
    await lab.startProcess();
    return lab;
  }

  async #playOthers(importer: boolean): Promise<void> {
    const topics = [deployments, modelVersions, eventTypes, eventProgress].map(({ name }) => name);
    await this.bus.ensureTopics([...topics, topicOf(LANDED)].map((name) => ({ name, retentionMs: null, compacted: false })));
    await this.#queue.ensureQueues([PromoteModelVersion.queue, RollBackModelVersion.queue]);
    for (const [type, { queue }] of [
      ['promote', PromoteModelVersion],
      ['roll-back', RollBackModelVersion],
    ] as const) {
      const take = ({ payload }: { readonly payload: string }): Promise<{ kind: 'ack' }> => {
        this.ordered.push({ type, data: JSON.parse(payload) as never });
        return Promise.resolve({ kind: 'ack' });
      };
      this.#registry.push(await this.#queue.consume(queue, take));
    }
    await this.transactions.run((tx) => {
      const declared = { name: LANDED, generation: 1, importer, deleted: false };
      tx.publish(eventTypes, [{ type: 'event-type.changed', data: declared }]);
      const variants = [
        { name: 'champion', alias: 'champion' },
        { name: 'challenger', alias: 'challenger' },
      ];
      const spec = { model: MODEL, featureService: 'risk', variants, shadows: ['shadow'] };
      tx.publish(deployments, [{ type: 'deployment.changed', data: { name: DEPLOYMENT, generation: 1, deleted: false, spec } }]);
      return Promise.resolve();
    });
  }

  /** Of a process of the service, with a folder of its own. */
  environment(name: string): { readonly [key: string]: string } {
    return { SQL_URL: this.database.url, DATA_DIR: `${this.#folder.path}/${name}`, EXPERIMENTS_PORT: '0', LOG_LEVEL: 'error' };
  }

  get processes(): readonly Running[] {
    return this.#processes;
  }

  /** One more process of the service. */
  async startProcess(): Promise<Running> {
    const process = await run([experiments], {
      env: this.environment(`process-${(this.#started += 1)}`),
      ...(this.#clock !== undefined && { clock: this.#clock }),
    });
    this.#processes.push(process);
    return process;
  }

  async stopProcess(process: Running): Promise<void> {
    this.#processes.splice(this.#processes.indexOf(process), 1);
    await process.stop();
  }

  get url(): string {
    return this.#processes.at(-1)?.urls['experiments'] ?? '';
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  apply(
    kind: 'Metric' | 'Experiment',
    name: string,
    spec: unknown,
  ): Promise<Answer<{ detail?: string; faults?: { path: string; message: string }[] }>> {
    const plural = kind === 'Metric' ? 'metrics' : 'experiments';
    return this.call('PUT', `/v1/${plural}/${name}`, { apiVersion: 'roofshot/v1', kind, metadata: { name }, spec });
  }

  /** Declares the flights' metric and experiment, sets the aliases and starts on Monday. */
  async startExperiment(spec: ExperimentSpec = freshFeatures, metric: MetricSpec = costPerFlight): Promise<void> {
    await this.apply('Metric', 'cost-per-flight', metric);
    const applied = await this.apply('Experiment', EXPERIMENT, spec);
    if (applied.status !== 200) throw new Error(JSON.stringify(applied.body));
    await this.setAlias('champion', 1);
    await this.setAlias('challenger', 2);
    const started = await this.call('POST', `/v1/experiments/${EXPERIMENT}/start`, { at: iso(MONDAY), requestedBy: 'tests' });
    if (started.status !== 200) throw new Error(JSON.stringify(started.body));
  }

  /** As the registry would say it. */
  async setAlias(
    alias: string,
    version: number,
    options: { kind?: 'promoted' | 'rolled-back'; previous?: number | null } = {},
  ): Promise<void> {
    const revision = (this.#revisions.get(alias) ?? 0) + 1;
    this.#revisions.set(alias, revision);
    const { kind = 'promoted', previous = null } = options;
    const data = {
      model: MODEL,
      version,
      alias,
      previous,
      artifact: 'sha256/abc',
      signature: SIGNATURE,
      aliasRevision: revision,
      reason: 'tests',
      requestedBy: 'tests',
    };
    await this.transactions.run((tx) => {
      if (kind === 'promoted') tx.publish(modelVersions, [{ type: 'model-version.promoted', subject: MODEL, data }]);
      else tx.publish(modelVersions, [{ type: 'model-version.rolled-back', subject: MODEL, data }]);
      return Promise.resolve();
    });
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    for (let start = 0; start < records.length; start += 2_000) await this.bus.publish(records.slice(start, start + 2_000));
  }

  /** As an importer says it: everything before `time` has been sent. */
  async progress(time: number): Promise<void> {
    const topic = topicOf(LANDED);
    const bounds = await this.bus.bounds(topic);
    await this.publish(
      bounds.map(({ partition }) => ({
        ...encodeEvent(
          { topic, key: '' },
          {
            ...ENVELOPE,
            id: `progress-${time}-${partition}`,
            type: SOURCE_PROGRESSED,
            time: iso(time),
            knowntime: iso(time),
            data: { eventTime: iso(time), source: '/tests' },
          },
        ),
        partition,
      })),
    );
  }

  /** As ingestion says it of live events: none was known after one time, at which it said their progress, and up to another. */
  async quiet(after: number, until: number): Promise<void> {
    const data = { eventType: LANDED, after: iso(after), until: iso(until) };
    await this.transactions.run((tx) => {
      tx.publish(eventProgress, [{ type: 'stream.advanced', data }]);
      return Promise.resolve();
    });
  }

  /** Until everything that is on the log is folded, analysed and decided. */
  async settled(): Promise<void> {
    const { body } = await this.call<{ reached: boolean }>('GET', '/v1/experiments/progress?wait=60s');
    if (!body.reached) throw new Error(`Nothing was reached: ${JSON.stringify(body)}`);
  }

  async results(): Promise<ExperimentResults> {
    return (await this.call<ExperimentResults>('GET', `/v1/experiments/${EXPERIMENT}/results`)).body;
  }

  /** What lies on a topic, by partition. */
  async said(topic: TopicDefinition): Promise<{ type: string; time: string; data: Record<string, unknown> }[]> {
    const bounds = await this.bus.bounds(topic.name);
    const records = (await Promise.all(bounds.map((partition) => this.bus.readFrom(partition, partition.start, 10_000)))).flat();
    return records.map(({ headers, value }) => ({
      type: headers['ce_type'] ?? '',
      time: headers['ce_time'] ?? '',
      data: JSON.parse(value) as Record<string, unknown>,
    }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#registry.map((consumption) => consumption.stop()));
    for (const process of this.#processes.splice(0)) await process.stop();
    await this.#queue.close();
    await this.bus.close();
    await this.database.drop();
    await this.#folder.remove();
  }
}
