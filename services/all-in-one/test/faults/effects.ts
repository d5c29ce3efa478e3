/** What has come of a load: read from the log past all services, and asked of features. */
import { predictions } from '@roofshot/contracts/predictions';
import { trainingSnapshots } from '@roofshot/contracts/features';
import { trainingRuns } from '@roofshot/contracts/training';
import type { CommandQueue } from '@roofshot/messaging/commands';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import type { EventBus, LogRecord } from '@roofshot/messaging/events';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { Repetitions } from '@roofshot/messaging/repetitions';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { createLogger } from '@roofshot/telemetry/logger';
import type { PlatformServers } from '@roofshot/testing/platform-servers';
import type { Send } from './history.ts';
import { post } from './load.ts';

const ORDERS = 'events.order.placed';
/** Behind the event time of every order, in their day. */
const COUNTED_AT = '2026-03-01T12:05:00Z';
const AT_ONCE = 5_000;

interface Part {
  next: number;
  readonly known: Repetitions;
}

/** What lies on one topic, without what its readers recognise as sent again. */
export class TopicEffects {
  /** Of each partition in its order. */
  readonly effects: Send[] = [];
  /** Left out: sent again by an outbox or a spool that was ended between sending and noting. */
  readonly repeated: Send[] = [];
  readonly #bus: EventBus;
  readonly #topic: string;
  readonly #parts = new Map<number, Part>();
  readonly #ids = new Set<string>();
  readonly #toSend: (record: LogRecord) => Send | undefined;

  constructor(bus: EventBus, topic: string, toSend: (record: LogRecord) => Send | undefined) {
    this.#bus = bus;
    this.#topic = topic;
    this.#toSend = toSend;
  }

  /** Reads what has come since the last look. */
  async look(): Promise<void> {
    for (const { topic, partition, start, end } of await this.#bus.bounds(this.#topic)) {
      const part = this.#parts.get(partition) ?? { next: start, known: new Repetitions() };
      this.#parts.set(partition, part);
      while (part.next < end) {
        const records = await this.#bus.readFrom({ topic, partition }, part.next, AT_ONCE);
        const last = records.at(-1);
        if (last === undefined) break; // the next look finds it
        part.next = last.offset + 1;
        this.#take(records, part.known.pass(records));
      }
    }
  }

  #take(records: readonly LogRecord[], fresh: readonly LogRecord[]): void {
    const kept = new Set(fresh);
    for (const record of records) {
      const send = this.#toSend(record);
      if (send === undefined) continue;
      (kept.has(record) && !this.#isSpooledAgain(record) ? this.effects : this.repeated).push(send);
    }
  }

  /** What a spool sends again has the id of the event that it repeats; an outbox's has marks, so that an id that comes twice is a fault there. */
  #isSpooledAgain({ topic, headers }: LogRecord): boolean {
    const id = headers['ce_id'] ?? '';
    const isAgain = topic === predictions.name && this.#ids.has(id);
    this.#ids.add(id);
    return isAgain;
  }
}

/** A view of the platform's log, and a way to its queue, that share nothing with the processes that are made to fail. */
export class Observer {
  readonly commands: CommandQueue;
  readonly orders: TopicEffects;
  readonly answers: TopicEffects;
  readonly runs: TopicEffects;
  readonly snapshots: TopicEffects;
  readonly #sql: Sql;
  readonly #bus: EventBus;

  private constructor(sql: Sql, bus: EventBus, commands: CommandQueue) {
    this.#sql = sql;
    this.#bus = bus;
    this.commands = commands;
    this.orders = new TopicEffects(
      bus,
      ORDERS,
      ofType('order.placed', ({ key, headers }) => ({ key, id: headers['ce_id'] ?? '' })),
    );
    this.answers = new TopicEffects(
      bus,
      predictions.name,
      ofType('prediction.served', ({ key, value }) => ({ key, id: (JSON.parse(value) as { predictionId: string }).predictionId })),
    );
    this.runs = new TopicEffects(bus, trainingRuns.name, ofType('training-run.failed', itself));
    this.snapshots = new TopicEffects(bus, trainingSnapshots.name, ofType('training-snapshot.failed', itself));
  }

  static async open({ SQL_URL, EVENTS_URL = SQL_URL, COMMANDS_URL = SQL_URL }: PlatformServers['urls']): Promise<Observer> {
    const sqlUrl = EVENTS_URL === SQL_URL ? SQL_URL : await databaseOfItsOwn(SQL_URL);
    const sql = await openSql(sqlUrl, { poolSize: 4, applicationName: 'observer' });
    const surroundings = { sql, sqlUrl, log: createLogger({ level: 'silent', write: () => undefined }) };
    return new Observer(sql, await openEventBus(EVENTS_URL, surroundings), await openCommandQueue(COMMANDS_URL, surroundings));
  }

  get topics(): readonly TopicEffects[] {
    return [this.orders, this.answers, this.runs, this.snapshots];
  }

  async look(): Promise<void> {
    for (const topic of this.topics) await topic.look();
  }

  async close(): Promise<void> {
    await this.commands.close();
    await this.#bus.close();
    await this.#sql.close();
  }
}

/** Whoever opens a broker beside the services' database carries their outbox, too; the observer must not. */
async function databaseOfItsOwn(services: string): Promise<string> {
  const sql = await openSql(services, { poolSize: 1, applicationName: 'observer' });
  await sql.query('CREATE DATABASE observer');
  await sql.close();
  const url = new URL(services);
  url.pathname = '/observer';
  return url.href;
}

const itself = ({ key }: LogRecord): Send => ({ key, id: key });

function ofType(type: string, toSend: (record: LogRecord) => Send): (record: LogRecord) => Send | undefined {
  return (record) => (record.headers['ce_type'] === type ? toSend(record) : undefined);
}

/** How many orders of each customer features has counted. Undefined while it does not answer. */
export async function countsIn(features: string, customers: readonly string[]): Promise<Map<string, number> | undefined> {
  const requests = customers.map((customer) => ({ entities: { customer }, context: { amount: 1 }, asOf: COUNTED_AT }));
  const answer = await post<{ vectors: { values: Record<string, number | null> }[] }>(
    `${features}/v1/features/read`,
    { featureService: 'order-risk', requests },
    'application/json',
  );
  if (answer?.status !== 200) return undefined;
  return new Map(answer.body.vectors.map(({ values }, index) => [customers[index] ?? '', values['customer__count_24h'] ?? 0]));
}
