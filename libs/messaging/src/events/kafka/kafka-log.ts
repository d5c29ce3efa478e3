import type { Admin, Kafka } from 'kafkajs';
import type { Position } from '@roofshot/contracts/envelope';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { oneAtATime } from '../../one-at-a-time.ts';
import { prepareMessagingSchema } from '../../postgres-schema.ts';
import { WakeUps } from '../../wake-ups.ts';
import { AppendQueue } from '../append-queue.ts';
import type { ConsumeOptions, Consumption, LogBounds, LogRecord, OutgoingRecord, TopicPartition, TopicSpec } from '../bus.ts';
import { ORIGIN_HEADER, SEQUENCE_HEADER } from '../carried-headers.ts';
import { LogConsumption } from '../log-consumption.ts';
import { allBoundsIn, unknownPartition, unknownTopic } from '../log-index.ts';
import type { CarriedRecord, RemoteLog } from '../outbox-bus.ts';
import { partitionOfKey } from '../partition-of-key.ts';
import { Presence } from '../presence.ts';
import { BatchLimits, bytesOf, MAX_REQUEST_BYTES } from './batch-limits.ts';
import { KafkaAppends } from './kafka-appends.ts';
import { kafkaClient } from './kafka-client.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { asAway, describe } from './kafka-faults.ts';
import { KafkaIndex } from './kafka-index.ts';
import { KafkaReads } from './kafka-reads.ts';
import { KafkaTail } from './kafka-tail.ts';
import { createTopics } from './kafka-topics.ts';
import { parseKafkaUrl, type KafkaAddress } from './kafka-url.ts';

export interface KafkaLogOptions {
  /** The services' database: members of a group find each other there. */
  readonly sql: Sql;
  readonly log: Logger;
}

const CHANNEL = 'roofshot_kafka';
/** New topics, moved leaders, moved starts. What is appended is heard at once by the tail. */
const LOOK_MS = 1_000;
const COMMIT_MS = 5_000;
/** The event log in Kafka. Promises: see EventBus; what a transaction says comes through an outbox (OutboxBus). */
export class KafkaLog implements RemoteLog {
  readonly #address: KafkaAddress;
  readonly #sql: Sql;
  readonly #log: Logger;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #cluster: KafkaCluster;
  readonly #tailCluster: KafkaCluster;
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
  #closed = false;

  private constructor(
    address: KafkaAddress,
    { sql, log }: KafkaLogOptions,
    made: { kafka: Kafka; admin: Admin; clusters: [KafkaCluster, KafkaCluster] },
  ) {
    this.#address = address;
    this.#sql = sql;
    this.#log = log;
    this.#kafka = made.kafka;
    this.#admin = made.admin;
    [this.#cluster, this.#tailCluster] = made.clusters;
    this.#index = new KafkaIndex(this.#cluster);
    this.#reads = new KafkaReads(this.#cluster, this.#index);
    this.#tail = new KafkaTail({ cluster: this.#tailCluster, index: this.#index, log, onGrown: () => this.#reconcile() });
    this.#appends = new KafkaAppends(this.#kafka, address.brokers, log);
    this.#limits = new BatchLimits(made.admin, this.#index);
    this.#queue = new AppendQueue((records) => this.#append(records), { maxBytes: MAX_REQUEST_BYTES, bytesOf, retryAlone: () => false });
    this.#wakeUps = new WakeUps(sql, CHANNEL, log);
    this.#presence = new Presence(sql);
  }

  /** Throws a sentence when the URL cannot be read, no broker answers, or they are too old. */
  static async open(url: string, options: KafkaLogOptions): Promise<KafkaLog> {
    const address = parseKafkaUrl(url);
    await prepareMessagingSchema(options.sql);
    const kafka = kafkaClient(address, options.log);
    const admin = kafka.admin();
    const log = new KafkaLog(address, options, { kafka, admin, clusters: await connectAll(address, kafka, admin) });
    await log.#start();
    return log;
  }

  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    await this.#index.refresh();
    const known = new Set(this.#index.names);
    const missing = topics.filter(({ name }) => !known.has(name));
    if (missing.length === 0) return;
    await createTopics(this.#admin, missing, this.#address);
    await this.#index.refresh();
    this.#wakeUps.announce([TOPICS_CHANGED]);
    this.#reconcile();
  }

  async listTopics(prefix = ''): Promise<string[]> {
    await this.#index.refresh();
    return this.#index.names.filter((name) => name.startsWith(prefix)).sort();
  }

  async publish(records: readonly OutgoingRecord[]): Promise<Position[]> {
    if (records.length === 0) return [];
    await this.#limits.refuseBad(records);
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

  async bounds(topic: string): Promise<LogBounds[]> {
    this.#index.watch([topic]);
    await this.#index.refresh();
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
      const [fetched] = await reads.fetchMany([{ topic: found, partition, offset: from, limit: limit - records.length }]);
      records.push(...(fetched?.records ?? []));
      if (fetched === undefined || fetched.next === from) break;
      from = fetched.next;
    }
    return records;
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
      await consumption.start();
      this.#tail.reconcile();
    } catch (error) {
      await consumption.stop();
      throw error;
    }
    return consumption;
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
    await Promise.all([this.#appends.close(), this.#admin.disconnect(), this.#cluster.close(), this.#tailCluster.close()]);
  }

  async #start(): Promise<void> {
    this.#wakeUps.onWake((subjects) => {
      if (subjects === undefined || subjects.includes(TOPICS_CHANGED)) this.#looking = this.#look();
    });
    await this.#wakeUps.start();
    await this.#index.refresh();
    const look = (): void => void (this.#looking = this.#look());
    this.#timers.push(setInterval(look, LOOK_MS).unref(), setInterval(() => void this.#commit(), COMMIT_MS).unref());
  }

  readonly #look = oneAtATime(async () => {
    if (this.#consumptions.size === 0 || this.#closed) return;
    try {
      await this.#index.refresh();
      this.#reconcile();
      this.#tail.reconcile();
    } catch (error) {
      this.#log[failureLevel(error)]('Kafka could not be read; it is tried again.', { error });
    }
  });

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
      positions.push(...(await this.#appends.append(placed)));
    }
    return positions;
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

async function connectAll({ brokers }: KafkaAddress, kafka: Kafka, admin: Admin): Promise<[KafkaCluster, KafkaCluster]> {
  const opened: KafkaCluster[] = [];
  try {
    await admin.connect();
    for (let n = 0; n < 2; n += 1) opened.push(await KafkaCluster.connect(kafka));
    return opened as [KafkaCluster, KafkaCluster];
  } catch (error) {
    await Promise.all([...opened.map((cluster) => cluster.close()), admin.disconnect()]);
    throw new Error(
      `No Kafka can be used at ${brokers.join(', ')} (EVENTS_URL): ${describe(error)} Start it, or correct the address and the credentials.`,
      { cause: asAway(error, brokers, 'not applied') },
    );
  }
}

function carriedHeaders({ origin, sequence }: Pick<CarriedRecord, 'origin' | 'sequence'>): Record<string, string> {
  return { [ORIGIN_HEADER]: origin, [SEQUENCE_HEADER]: String(sequence) };
}
