import type { Position } from '@roofshot/contracts/envelope';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { CarriedMessage } from '../carry-packs.ts';
import { TryAgain } from '../handlers.ts';
import { openOutbox, type OutboxPort } from '../outbox-port.ts';
import { Blame } from './blame.ts';
import { packRecords } from './pack-records.ts';
import { partitionOfKey } from './partition-of-key.ts';
import { unknownTopic } from './log-index.ts';
import { refuseUnstorable, tooLarge } from './storable.ts';
import type {
  ConsumeOptions,
  Consumption,
  EventBus,
  LogBounds,
  LogRecord,
  KeyToErase,
  OutgoingRecord,
  Oversize,
  TopicPartition,
  TopicSpec,
} from './bus.ts';

/** So long an erasure waits for what was said before it; then it is tried again. */
const LEAVE_MS = 10_000;

/** A record, and its place among all that its outbox sends: the same one whenever it comes again. */
export interface CarriedRecord {
  /** The outbox's stream. */
  readonly origin: string;
  /** Ascending within the origin in the order of sending. */
  readonly sequence: number;
  readonly record: OutgoingRecord;
}

export interface OutboxBusLimits {
  /** See MOST_WAITING. */
  readonly mostWaiting?: number | undefined;
  /** See MISSING_MS. */
  readonly missingMs?: number;
}

/** A log that is not in the services' database. */
export interface RemoteLog extends Omit<EventBus, 'sharesDatabase' | 'publishIn' | 'announce' | 'setAside' | 'refusal'> {
  /** Publishes what an outbox brings, in order; what comes again doubles nothing for its readers. */
  publishOnce(messages: readonly CarriedRecord[]): Promise<void>;
}

/**
 * A log that lies elsewhere than the services' database. `publishIn` writes into an outbox in that database, and a relay carries it to
 * the log, in order per partition.
 */
export class OutboxBus implements EventBus {
  readonly sharesDatabase = false;
  readonly #bus: RemoteLog;
  readonly #outbox: OutboxPort;
  readonly #blame: Blame;
  /** How many partitions the topics have that were asked for. */
  readonly #partitions = new Map<string, number>();

  private constructor(bus: RemoteLog, outbox: OutboxPort, blame: Blame) {
    this.#bus = bus;
    this.#blame = blame;
    this.#outbox = outbox;
  }

  /** `sql`: the services' database. Closing this bus closes `bus`. */
  static async open(bus: RemoteLog, sql: Sql, log: Logger, { mostWaiting, missingMs }: OutboxBusLimits = {}): Promise<OutboxBus> {
    const blame = new Blame(bus, missingMs);
    const publish = async (messages: readonly CarriedMessage[]): Promise<void> => {
      const carried = messages.map(({ origin, sequence, payload }) => ({
        origin,
        sequence,
        record: payload as OutgoingRecord,
      }));
      await bus.publishOnce(carried).catch((error: unknown) => blame.rethrow(error, carried));
    };
    const outbox = await openOutbox({ sql, schema: 'outbox_events', log, publish, troubles: () => bus.waitingFor(), mostWaiting });
    return new OutboxBus(bus, outbox, blame);
  }

  /** The topic must exist already and take each record: a mistake must fail the transaction and not block the relay. */
  async publishIn(tx: Queryable, records: readonly OutgoingRecord[]): Promise<void> {
    await this.#lookUp(records);
    await this.#refuseTooLarge(records);
    await this.#outbox.enqueue(
      tx,
      packRecords(records, (record) => this.#partitionOf(record)),
    );
  }

  oversizeOf(records: readonly OutgoingRecord[]): Promise<(Oversize | undefined)[]> {
    return this.#bus.oversizeOf(records);
  }

  /** Wakes the relay; its publishing wakes the readers. */
  announce(): void {
    this.#outbox.wake();
  }

  /** What will be asked of a topic when something is said to it is asked now: then the log may be away. */
  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    await this.#bus.ensureTopics(topics);
    const said = topics.filter(({ uses }) => uses === undefined || uses.includes('write'));
    for (const { name } of said) await this.bounds(name);
    await this.#bus.oversizeOf(said.map(({ name }) => ({ topic: name, key: '', value: '', headers: {} })));
  }

  listTopics(prefix?: string): Promise<string[]> {
    return this.#bus.listTopics(prefix);
  }

  publish(records: readonly OutgoingRecord[]): Promise<Position[]> {
    return this.#bus.publish(records);
  }

  async bounds(topic: string): Promise<LogBounds[]> {
    const bounds = await this.#bus.bounds(topic);
    if (bounds.length > 0) this.#partitions.set(topic, bounds.length);
    return bounds;
  }

  readFrom(partition: TopicPartition, offset: number, limit: number): Promise<LogRecord[]> {
    return this.#bus.readFrom(partition, offset, limit);
  }

  /** What was said before must lie on the log first: else it would come to lie there afterwards. */
  async eraseKey(key: KeyToErase): Promise<number | undefined> {
    if (!(await this.#outbox.left(LEAVE_MS)))
      throw new TryAgain('What was said before still waits for the log; the key is erased when it lies there.');
    return this.#bus.eraseKey(key);
  }

  consume(options: ConsumeOptions): Promise<Consumption> {
    return this.#bus.consume(options);
  }

  waitingFor(): readonly string[] {
    return this.#outbox.waitingFor();
  }

  setAside(): readonly string[] {
    return this.#outbox.setAside();
  }

  refusal(): string | undefined {
    return this.#outbox.refusal();
  }

  async close(): Promise<void> {
    await this.#outbox.stop();
    await this.#bus.close();
  }

  async #lookUp(records: readonly OutgoingRecord[]): Promise<void> {
    for (const { topic } of records) {
      if (this.#partitions.has(topic) && !this.#blame.isMissing(topic)) continue;
      const bounds = await this.#bus.bounds(topic);
      if (bounds.length === 0) throw unknownTopic(topic);
      this.#partitions.set(topic, bounds.length);
      this.#blame.found(topic);
    }
  }

  async #refuseTooLarge(records: readonly OutgoingRecord[]): Promise<void> {
    const oversizes = await this.#bus.oversizeOf(records);
    records.forEach((record, index) => {
      const { topic } = record;
      refuseUnstorable(record, Infinity);
      const oversize = oversizes[index];
      if (oversize !== undefined) throw tooLarge(topic, oversize);
    });
  }

  /** Records of one partition leave in the order of their transactions, whatever their keys: a control record stays behind what it speaks of. */
  #partitionOf({ topic, key, partition }: OutgoingRecord): number {
    return partition ?? partitionOfKey(key, this.#partitions.get(topic) ?? 1);
  }
}
