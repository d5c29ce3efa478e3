import type { Position } from '@roofshot/contracts/envelope';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import { sqlState } from '@roofshot/storage/sql-errors';
import type { Logger } from '@roofshot/telemetry/logger';
import { oneAtATime } from '../one-at-a-time.ts';
import { prepareMessagingSchema, UNKNOWN_PARTITION } from '../postgres-schema.ts';
import { WakeUps } from '../wake-ups.ts';
import { AppendQueue } from './append-queue.ts';
import { appendRecords, placeRecords } from './append.ts';
import type {
  ConsumeOptions,
  Consumption,
  EventBus,
  KeyToErase,
  LogBounds,
  LogRecord,
  OutgoingRecord,
  TopicPartition,
  TopicSpec,
} from './bus.ts';
import { eraseRecords } from './erase-records.ts';
import { allBoundsIn, unknownPartition } from './log-index.ts';
import { maintainLog } from './log-maintenance.ts';
import { LogConsumption } from './log-consumption.ts';
import type { CarriedRecord, RemoteLog } from './outbox-bus.ts';
import { fetchRecords } from './postgres-fetch.ts';
import { Presence } from './presence.ts';
import { TopicIndex } from './topic-index.ts';

export interface PostgresBusOptions {
  readonly log: Logger;
  /** Of topics that are created from now on; it cannot change later, because a key would change its partition. Default 2. */
  readonly partitions?: number;
  /** Runs after everything is closed: for whoever opened the database for this bus alone. */
  readonly onClosed?: () => Promise<void>;
}

const CHANNEL = 'roofshot_events';
const DEFAULT_PARTITIONS = 2;
/** The fall-back where a wake-up was missed: one query for the whole process. */
const POLL_MS = 500;
const MAINTAIN_MS = 60_000;

/** The event log in PostgreSQL. Promises: see EventBus. */
export class PostgresBus implements EventBus, RemoteLog {
  readonly sharesDatabase = true;
  readonly #sql: Sql;
  readonly #log: Logger;
  readonly #partitions: number;
  readonly #index: TopicIndex;
  readonly #wakeUps: WakeUps;
  readonly #presence: Presence;
  readonly #appends: AppendQueue;
  readonly #consumptions = new Set<LogConsumption>();
  readonly #timers: NodeJS.Timeout[] = [];
  #polling: Promise<void> = Promise.resolve();
  #maintaining: Promise<unknown> = Promise.resolve();
  readonly #onClosed: () => Promise<void>;
  #closed = false;

  private constructor(sql: Sql, { log, partitions = DEFAULT_PARTITIONS, onClosed = () => Promise.resolve() }: PostgresBusOptions) {
    this.#onClosed = onClosed;
    this.#sql = sql;
    this.#log = log;
    this.#partitions = partitions;
    this.#index = new TopicIndex(sql);
    this.#wakeUps = new WakeUps(sql, CHANNEL, log);
    this.#presence = new Presence(sql);
    this.#appends = new AppendQueue((records) => this.#append(records));
  }

  /** Creates the log's tables where they are missing. `sql` stays the caller's: close the bus first. */
  static async open(sql: Sql, options: PostgresBusOptions): Promise<PostgresBus> {
    await prepareMessagingSchema(sql);
    const bus = new PostgresBus(sql, options);
    await bus.#start();
    return bus;
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    const created = await this.#sql.query(
      `WITH made AS (
         INSERT INTO messaging.topics (name, retention_ms, compacted)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[]) AS t(name, retention_ms, compacted) ORDER BY 1
         ON CONFLICT (name) DO NOTHING RETURNING topic_id
       )
       INSERT INTO messaging.partitions (topic_id, partition)
       SELECT topic_id, n FROM made, generate_series(0, $4::int - 1) AS n RETURNING topic_id`,
      [topics.map(({ name }) => name), topics.map((topic) => topic.retentionMs), topics.map((topic) => topic.compacted), this.#partitions],
    );
    await this.#index.refresh();
    if (created.length > 0) this.#wakeUps.announce([TOPICS_CHANGED]);
  }

  async listTopics(prefix = ''): Promise<string[]> {
    await this.#index.refresh();
    return [...this.#index.topics]
      .map(({ name }) => name)
      .filter((name) => name.startsWith(prefix))
      .sort();
  }

  async publish(records: readonly OutgoingRecord[]): Promise<Position[]> {
    if (records.length === 0) return [];
    await this.#index.lookUp(new Set(records.map(({ topic }) => topic)));
    placeRecords(records, this.#index); // a bad record fails its own caller before it meets the others
    const positions = await this.#appends.append(records);
    this.announce(new Set(positions.map(({ topic }) => topic)));
    return positions;
  }

  /** PostgreSQL takes a gigabyte, more than any way in. */
  oversizeOf(records: readonly OutgoingRecord[]): Promise<undefined[]> {
    return Promise.resolve(records.map(() => undefined));
  }

  async publishIn(tx: Queryable, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#index.lookUp(new Set(records.map(({ topic }) => topic)));
    try {
      await appendRecords(tx, placeRecords(records, this.#index));
    } catch (error) {
      if (sqlState(error) === UNKNOWN_PARTITION) await this.#index.refresh(); // the caller's next try will know
      throw error;
    }
  }

  /** Publishes what an outbox brings, and leaves out what it has brought before (within 7 days): a crash between publishing and deleting doubles nothing. */
  async publishOnce(messages: readonly CarriedRecord[]): Promise<void> {
    await this.#index.lookUp(new Set(messages.map(({ record }) => record.topic)));
    await this.#sql.transaction(async (tx) => {
      const rows = await tx.query<{ message_id: string }>(
        `INSERT INTO messaging.carried SELECT id, clock_timestamp() FROM unnest($1::text[]) AS m(id) ORDER BY id ON CONFLICT DO NOTHING RETURNING message_id`,
        [messages.map(nameOf)],
      );
      const fresh = new Set(rows.map((row) => row.message_id));
      await this.publishIn(
        tx,
        messages.filter((message) => fresh.has(nameOf(message))).map(({ record }) => record),
      );
    });
    this.announce(new Set(messages.map(({ record }) => record.topic)));
  }

  announce(topics: Iterable<string>): void {
    this.#wakeUps.announce(topics);
  }

  async bounds(topic: string): Promise<LogBounds[]> {
    await this.#index.refresh();
    return allBoundsIn(this.#index.find(topic));
  }

  async readFrom({ topic, partition }: TopicPartition, offset: number, limit: number): Promise<LogRecord[]> {
    await this.#index.lookUp([topic]);
    const [fetched] = await fetchRecords(this.#sql, this.#index, [{ topic: this.#index.require(topic), partition, offset, limit }]);
    if (fetched === undefined) throw unknownPartition({ topic, partition });
    return [...fetched.records];
  }

  async eraseKey(key: KeyToErase): Promise<number> {
    await this.#index.refresh();
    let erased = 0;
    for (const name of key.topics) erased += await eraseRecords(this.#sql, this.#index.require(name), key);
    return erased;
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    if (this.#closed) throw new Error('Cannot consume: the event bus was closed.');
    const consumption = new LogConsumption(options, {
      sql: this.#sql,
      index: this.#index,
      fetch: (requests) => fetchRecords(this.#sql, this.#index, requests),
      wakeUps: this.#wakeUps,
      presence: this.#presence,
      log: this.#log,
      onStop: (stopped) => this.#consumptions.delete(stopped),
    });
    this.#consumptions.add(consumption);
    try {
      await consumption.start();
    } catch (error) {
      await consumption.stop();
      throw error;
    }
    return consumption;
  }

  /** What it needs is the database, whose absence is told by whoever asks for that. */
  waitingFor(): readonly string[] {
    return [];
  }

  setAside(): readonly string[] {
    return [];
  }

  refusal(): undefined {
    return undefined;
  }

  /** Drops what retention and compaction allow; runs by itself every minute, in one process at a time. Answers how many records went. */
  async maintain(): Promise<number> {
    return maintainLog(this.#sql);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#consumptions].map((consumption) => consumption.stop()));
    await this.#appends.drain();
    await this.#wakeUps.close();
    await this.#presence.close();
    await Promise.all([this.#polling, this.#maintaining]);
    await this.#onClosed();
  }

  async #start(): Promise<void> {
    this.#wakeUps.onWake((subjects) => {
      if (subjects === undefined || subjects.includes(TOPICS_CHANGED)) this.#poll();
    });
    await this.#wakeUps.start();
    await this.#index.refresh();
    this.#timers.push(setInterval(() => this.#poll(), POLL_MS).unref(), setInterval(() => this.#maintainByItself(), MAINTAIN_MS).unref());
  }

  #poll(): void {
    if (this.#consumptions.size > 0) this.#polling = this.#look();
  }

  readonly #look = oneAtATime(async () => {
    try {
      await this.#index.refresh();
      for (const consumption of this.#consumptions) consumption.reconcile();
    } catch (error) {
      this.#log[failureLevel(error)]('The event log could not be read; it is tried again.', { error });
    }
  });

  #maintainByItself(): void {
    this.#maintaining = this.maintain().catch((error: unknown) => {
      this.#log[failureLevel(error)]('Retention and compaction of the event log failed and are tried again in a minute.', { error });
    });
  }

  async #append(records: readonly OutgoingRecord[]): Promise<Position[]> {
    try {
      return await appendRecords(this.#sql, placeRecords(records, this.#index));
    } catch (error) {
      if (sqlState(error) !== UNKNOWN_PARTITION) throw error;
      await this.#index.refresh(); // a topic was deleted, and perhaps made again
      return appendRecords(this.#sql, placeRecords(records, this.#index));
    }
  }
}

/** Said on the wake-up channel instead of a topic's name when topics were created. */
const TOPICS_CHANGED = 'topics:';

function nameOf({ origin, sequence }: CarriedRecord): string {
  return `${origin}/${sequence}`;
}
