import type { Position } from '@roofshot/contracts/envelope';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { oneAtATime } from '../../one-at-a-time.ts';
import { prepareMessagingSchema } from '../../postgres-schema.ts';
import { WakeUps } from '../../wake-ups.ts';
import { AppendQueue } from '../append-queue.ts';
import type { ConsumeOptions, Consumption, LogBounds, LogRecord, OutgoingRecord, Oversize, TopicPartition, TopicSpec } from '../bus.ts';
import { ORIGIN_HEADER, SEQUENCE_HEADER } from '../carried-headers.ts';
import { LogConsumption } from '../log-consumption.ts';
import { allBoundsIn, unknownPartition, unknownTopic } from '../log-index.ts';
import type { CarriedRecord, RemoteLog } from '../outbox-bus.ts';
import { partitionOfKey } from '../partition-of-key.ts';
import { Presence } from '../presence.ts';
import { BatchLimits, bytesAtMost, MAX_REQUEST_BYTES } from './batch-limits.ts';
import { KafkaAppends, type PlacedRecord } from './kafka-appends.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { typeOf } from './kafka-faults.ts';
import type { KafkaIndex } from './kafka-index.ts';
import { KafkaReads } from './kafka-reads.ts';
import { KafkaTail } from './kafka-tail.ts';

export interface KafkaLogOptions {
  /** The services' database: members of a group find each other there. */
  readonly sql: Sql;
  readonly log: Logger;
}

const CHANNEL = 'roofshot_kafka';
/** New topics, moved leaders, moved starts. What is appended is heard at once by the tail. */
const LOOK_MS = 1_000;
const COMMIT_MS = 5_000;
/** A failed append is told so long, unless one goes well: outboxes and spools try again sooner. */
const TOLD_MS = 60_000;

/** The event log in Kafka. Promises: see EventBus; what a transaction says comes through an outbox (OutboxBus). */
export class KafkaLog implements RemoteLog {
  readonly #connection: KafkaConnection;
  readonly #sql: Sql;
  readonly #log: Logger;
  readonly #cluster: KafkaCluster;
  readonly #index: KafkaIndex;
  readonly #reads: KafkaReads;
  readonly #tail: KafkaTail;
  readonly #appends: KafkaAppends;
  readonly #queue: AppendQueue;
  readonly #wakeUps: WakeUps;
  readonly #presence: Presence;
  readonly #limits: BatchLimits;
  readonly #consumptions = new Map<LogConsumption, string | null>();
  readonly #timers: NodeJS.Timeout[] = [];
  #looking: Promise<void> = Promise.resolve();
  /** Why the last look failed. */
  #lookTrouble: string | undefined;
  /** Why the last append failed, and when. */
  #appendTrouble: { readonly reason: string; readonly at: number } | undefined;
  #closed = false;

  private constructor(connection: KafkaConnection, { sql, log }: KafkaLogOptions) {
    this.#connection = connection;
    this.#sql = sql;
    this.#log = log;
    const { kafka, admin, address, cluster, tailCluster, index } = connection;
    this.#cluster = cluster;
    this.#index = index;
    this.#reads = new KafkaReads(cluster, index);
    this.#tail = new KafkaTail({ cluster: tailCluster, index, log, onGrown: () => this.#reconcile() });
    this.#appends = new KafkaAppends(kafka, address, log);
    this.#limits = new BatchLimits(admin, index);
    this.#queue = new AppendQueue((records) => this.#append(records), {
      maxBytes: MAX_REQUEST_BYTES,
      bytesOf: bytesAtMost,
      retryAlone: () => false,
    });
    this.#wakeUps = new WakeUps(sql, CHANNEL, log);
    this.#presence = new Presence(sql);
  }

  /** Closing this log closes `connection`. */
  static async open(connection: KafkaConnection, options: KafkaLogOptions): Promise<KafkaLog> {
    await prepareMessagingSchema(options.sql);
    const log = new KafkaLog(connection, options);
    await log.#start();
    return log;
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    if (!(await this.#connection.ensureTopics(topics))) return;
    this.#wakeUps.announce([TOPICS_CHANGED]);
    this.#reconcile();
  }

  async listTopics(prefix = ''): Promise<string[]> {
    await this.#refresh();
    return this.#index.names.filter((name) => name.startsWith(prefix)).sort();
  }

  async publish(records: readonly OutgoingRecord[]): Promise<Position[]> {
    if (records.length === 0) return [];
    await this.#connection.ask(() => this.#limits.refuseBad(records));
    const positions = await this.#queue.append(records);
    this.#sawOwn(positions);
    return positions;
  }

  /** A crash between this and the outbox's deletion brings the same records again: readers recognise them by what they carry. */
  async publishOnce(messages: readonly CarriedRecord[]): Promise<void> {
    await this.publish(
      messages.map(({ record, origin, sequence }) => ({
        ...record,
        headers: { ...record.headers, ...carriedHeaders({ origin, sequence }) },
      })),
    );
  }

  oversizeOf(records: readonly OutgoingRecord[]): Promise<(Oversize | undefined)[]> {
    return this.#connection.ask(() => this.#limits.oversizeOf(records));
  }

  async bounds(topic: string): Promise<LogBounds[]> {
    this.#index.watch([topic]);
    await this.#refresh();
    return allBoundsIn(this.#index.find(topic));
  }

  async readFrom({ topic, partition }: TopicPartition, offset: number, limit: number): Promise<LogRecord[]> {
    if (this.#index.find(topic) === undefined) await this.bounds(topic);
    const found = this.#index.find(topic);
    if (found === undefined) throw unknownTopic(topic);
    if (found.bounds[partition] === undefined) throw unknownPartition({ topic, partition });
    const reads = new KafkaReads(this.#cluster, this.#index); // what it reads ahead is of no use to anybody else
    const records: LogRecord[] = [];
    for (let from = offset; records.length < limit;) {
      const wish = { topic: found, partition, offset: from, limit: limit - records.length };
      const [fetched] = await this.#connection.ask(() => reads.fetchMany([wish]));
      if (fetched instanceof Error) throw fetched;
      records.push(...(fetched?.records ?? []));
      if (fetched === undefined || fetched.next === from) break;
      from = fetched.next;
    }
    return records;
  }

  /** What Kafka has taken nobody can change. */
  eraseKey(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    if (this.#closed) throw new Error('Cannot consume: the event bus was closed.');
    this.#index.watch(options.topics);
    const consumption = new LogConsumption(options, {
      sql: this.#sql,
      index: this.#index,
      fetch: this.#reads.fetchMany,
      wakeUps: this.#wakeUps,
      presence: this.#presence,
      log: this.#log,
      onStop: (stopped) => this.#consumptions.delete(stopped),
    });
    this.#consumptions.set(consumption, options.group);
    try {
      await this.#connection.ask(() => consumption.start());
      this.#tail.reconcile();
    } catch (error) {
      await consumption.stop();
      throw error;
    }
    return consumption;
  }

  waitingFor(): readonly string[] {
    const { reason, at } = this.#appendTrouble ?? { reason: undefined, at: 0 };
    const trouble = this.#lookTrouble ?? (Date.now() - at < TOLD_MS ? reason : undefined);
    return trouble === undefined ? [] : [trouble];
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#commit();
    await Promise.all([...this.#consumptions.keys()].map((consumption) => consumption.stop()));
    await this.#tail.close();
    await this.#queue.drain();
    await this.#wakeUps.close();
    await this.#presence.close();
    await this.#looking;
    await this.#appends.close();
    await this.#connection.close();
  }

  async #start(): Promise<void> {
    this.#wakeUps.onWake((subjects) => {
      if (subjects === undefined || subjects.includes(TOPICS_CHANGED)) this.#looking = this.#look();
    });
    await this.#wakeUps.start();
    await this.#refresh();
    const look = (): void => void (this.#looking = this.#look());
    this.#timers.push(setInterval(look, LOOK_MS).unref(), setInterval(() => void this.#commit(), COMMIT_MS).unref());
  }

  readonly #look = oneAtATime(async () => {
    if ((this.#consumptions.size === 0 && this.waitingFor().length === 0) || this.#closed) return;
    try {
      await this.#refresh();
      if (this.#lookTrouble !== undefined) this.#log.info('Kafka can be read again.');
      this.#lookTrouble = undefined;
      this.#reconcile();
      this.#tail.reconcile();
    } catch (error) {
      const isNew = this.#lookTrouble === undefined;
      this.#lookTrouble = messageOf(error);
      if (isNew) this.#log[failureLevel(error)]('Kafka could not be read; it is tried again until it can.', { error });
    }
  });

  #refresh(): Promise<void> {
    return this.#connection.ask(() => this.#index.refresh());
  }

  #reconcile(): void {
    for (const consumption of this.#consumptions.keys()) consumption.reconcile();
  }

  /** What this process has appended itself, its readers need not hear from the broker. */
  #sawOwn(positions: readonly Position[]): void {
    const grown = positions.filter(({ topic, partition, offset }) => this.#index.saw({ topic, partition }, { start: 0, end: offset + 1 }));
    if (grown.length > 0) this.#reconcile();
  }

  async #append(records: readonly OutgoingRecord[]): Promise<Position[]> {
    const positions: Position[] = [];
    for (const piece of this.#limits.pieces(records)) {
      const placed = piece.map((record) => ({
        record,
        partition: record.partition ?? partitionOfKey(record.key, this.#index.partitionsOf(record.topic)),
      }));
      positions.push(...(await this.#appendPlaced(placed)));
    }
    return positions;
  }

  async #appendPlaced(placed: readonly PlacedRecord[]): Promise<Position[]> {
    try {
      const positions = await this.#appends.append(placed);
      this.#appendTrouble = undefined;
      return positions;
    } catch (error) {
      if (typeOf(error) === 'MESSAGE_TOO_LARGE') this.#limits.forget();
      this.#appendTrouble = { reason: messageOf(error), at: Date.now() };
      throw error;
    }
  }

  /** For Kafka's own tools: positions are the readers', in their databases. */
  async #commit(): Promise<void> {
    for (const [consumption, group] of this.#consumptions) {
      const positions = group === null ? [] : consumption.health();
      if (group === null || positions.length === 0) continue;
      try {
        await this.#cluster.commit(group, positions);
      } catch (error) {
        this.#log.debug('Kafka was not told how far a group is; its tools show an older position.', { 'labels.group': group, error });
      }
    }
  }
}

const TOPICS_CHANGED = 'topics:';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function carriedHeaders({ origin, sequence }: Pick<CarriedRecord, 'origin' | 'sequence'>): Record<string, string> {
  return { [ORIGIN_HEADER]: origin, [SEQUENCE_HEADER]: String(sequence) };
}
