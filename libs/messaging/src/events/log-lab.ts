import { randomBytes } from 'node:crypto';
import { createLogger, type Logger } from '@roofshot/telemetry/logger';
import type { Sql } from '@roofshot/storage/sql';
import type { EventBus, LogBounds, LogRecord, OutgoingRecord, PartitionReader, TopicPartition, TopicSpec } from './bus.ts';

/** What a conformance suite needs of an adapter: one log, and several processes' views of it. */
export interface BusLab {
  /** A bus of its own, as another process would have it; topics get 2 partitions. The lab closes what is still open. */
  open(): Promise<EventBus>;
  /** The EVENTS_URL of the log, for processes of their own. */
  readonly url: string;
  /** As EventBus.sharesDatabase. */
  readonly sharesDatabase: boolean;
  /** The database whose transactions `publishIn` takes part in. */
  readonly sql: Sql;
  /** Lets retention drop everything that lies on the topic now. */
  expire(topic: string): Promise<void>;
  /** Lets compaction drop every record with a newer one of its key. */
  compact(topic: string): Promise<void>;
  close(): Promise<void>;
}

export const silent: Logger = createLogger({ level: 'silent', write: () => undefined });

/** Of this run: a broker keeps the topics of earlier ones. */
const RUN = randomBytes(4).toString('hex');
let names = 0;
/** A topic name that no other test has. */
export const freshTopic = (prefix = 'topic'): string => `${prefix}-${RUN}-${(names += 1)}`;

export function specOf(name: string, options: Partial<TopicSpec> = {}): TopicSpec {
  return { name, retentionMs: null, compacted: false, ...options };
}

export function recordOf(topic: string, key: string, value: unknown, headers: Record<string, string> = {}): OutgoingRecord {
  return { topic, key, headers, value: JSON.stringify(value) };
}

/** Keeps what it has read and its positions in memory, as a service would keep them in its database. */
export class MemoryReader implements PartitionReader {
  readonly records: LogRecord[] = [];
  readonly positions = new Map<string, number>();
  readonly claims: LogBounds[] = [];
  readonly lostPartitions: TopicPartition[] = [];
  readonly arrivals: { readonly partition: TopicPartition; readonly position: number }[] = [];
  /** Runs before a batch is taken; a throw refuses it. */
  beforeRead: (records: readonly LogRecord[]) => Promise<void> | void = () => undefined;

  /** Positions that were stored before. */
  constructor(stored: Iterable<readonly [string, number]> = []) {
    this.positions = new Map(stored);
  }

  claim(bounds: LogBounds): Promise<number> {
    this.claims.push(bounds);
    return Promise.resolve(this.positions.get(nameOf(bounds)) ?? bounds.start);
  }

  async read(partition: TopicPartition, records: readonly LogRecord[]): Promise<number> {
    await this.beforeRead(records);
    this.records.push(...records);
    const next = (records.at(-1)?.offset ?? -1) + 1;
    this.positions.set(nameOf(partition), next);
    return next;
  }

  caughtUp(partition: TopicPartition, position: number): Promise<void> {
    this.arrivals.push({ partition, position });
    return Promise.resolve();
  }

  lost(partition: TopicPartition): void {
    this.lostPartitions.push(partition);
  }

  get values(): unknown[] {
    return this.records.map((record) => JSON.parse(record.value) as unknown);
  }
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
