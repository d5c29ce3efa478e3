import type { Position } from '@roofshot/contracts/envelope';
import type { Queryable } from '@roofshot/storage/sql';

/** A record on its way to the log: CloudEvents binary mode (attributes in headers as `ce_<name>`, data as JSON text in the value). */
export interface OutgoingRecord {
  readonly topic: string;
  /** Ordering key: records of one key lie in one partition, in the order in which they were published. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
  /** Instead of the key's partition; only for control records that lie in every partition. */
  readonly partition?: number;
}

/** Of a record that its topic does not take: bytes as the log counts them. */
export interface Oversize {
  readonly bytes: number;
  readonly limit: number;
}

export interface LogRecord extends OutgoingRecord, Position {
  readonly partition: number;
  /** Append time, epoch milliseconds: retention uses it, rules never do. */
  readonly appendedAt: number;
  /** The value's bytes in base64 where they are no UTF-8, as others may write them to Kafka: `value` cannot tell them. */
  readonly base64?: string;
  /** It has no value at all, which `value` tells as an empty one. */
  readonly hasNoValue?: true;
  /** Why it stands for a batch that cannot be taken apart, in a sentence; all else of it is empty. */
  readonly unreadable?: string;
}

export interface TopicSpec {
  readonly name: string;
  readonly retentionMs: number | null;
  readonly compacted: boolean;
  /** Producers outside of the platform write it, in whatever compression they have: the broker is to keep it in one that is read here. */
  readonly isForOthers?: boolean;
  /** What this process does with it: where a broker has rights, it is refused at once that one is missing, and not by the first message. */
  readonly uses?: readonly ('read' | 'write')[];
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What is to be overwritten on the log. */
export interface KeyToErase {
  readonly topics: readonly string[];
  readonly key: string;
  /** Records that became known later stay. Epoch milliseconds. */
  readonly until: number;
}

/** What the log holds of a partition: offsets start ≤ o < end. `topicId` changes when a topic is deleted and made again. */
export interface LogBounds extends TopicPartition {
  readonly topicId: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Thrown by `claim` or `read`: trying again cannot help. The partition stands still, its health tells why, the others go on.
 * The message says what happened and what to do.
 */
export class PartitionStopped extends Error {
  override readonly name = 'PartitionStopped';
}

/**
 * What reads a partition. The adapter calls one partition's methods one after the other, never at once.
 * Positions belong to the reader (they lie in its own database), not to the adapter.
 */
export interface PartitionReader {
  /** This member got the partition: answers the offset to read from. A throw: the adapter backs off and claims again. */
  claim(bounds: LogBounds): Promise<number>;
  /** Records from the position on, in order, never empty. Answers the next position. A throw: back-off, then claim again. */
  read(partition: TopicPartition, records: readonly LogRecord[]): Promise<number>;
  /** The position has reached the log's end (called on the change, and at most once a second while idle). */
  caughtUp?(partition: TopicPartition, position: number): Promise<void>;
  /** The partition went to another member: nothing of it may be written any more. The one call that may come while `read` runs. */
  lost(partition: TopicPartition): void;
}

export interface ConsumeOptions {
  /** Members of one group share the partitions; each group gets a copy. Null: this member reads all partitions (see `follow`). */
  readonly group: string | null;
  /** Exact names, or all topics that begin with a prefix, including those that are created later. */
  readonly topics: readonly string[] | { readonly prefix: string };
  readonly reader: PartitionReader;
  /** At most so many records in one `read`. Default 500. */
  readonly maxBatch?: number;
}

export interface PartitionHealth extends TopicPartition {
  readonly position: number;
  readonly end: number;
  /** Epoch milliseconds of the last progress, or of the moment at which there was nothing left to read. A claim alone is none. */
  readonly progressedAt: number;
  /** What its last try failed with, while none has succeeded since. */
  readonly failure?: string;
  /** Why the partition stands still, when it does. */
  readonly stopped?: string;
}

export interface Consumption {
  /** Per owned partition. Health means progress: lag and none for long fails liveness. */
  health(): readonly PartitionHealth[];
  /** Resolves when every partition known at the call was read up to the end it had at the call. */
  caughtUp(): Promise<void>;
  /** No further `read`; the running ones end first. */
  stop(): Promise<void>;
}

/**
 * The event log. Promises, the same for every adapter (bus.conformance.ts):
 * - durable once `publish` resolves: a killed process or broker loses none of them;
 * - one key, one partition; within a partition, offset order is the order in which records became visible,
 *   whatever the number of writers and however long their transactions: a reader that has seen offset n has seen all below n;
 * - each group gets a copy; within a group a partition has one reader (a second one may exist for a moment: the reader's own fence decides);
 * - at least once: what was not positioned past is read again after a crash;
 * - `publishIn` makes records visible exactly when the caller's transaction commits, or never.
 */
export interface EventBus {
  /**
   * `publishIn` writes into the caller's own database. Then what a lost commit had said is lost with its state and its position, and a
   * consumer need not wait for the disk: after a crash of the database it reads on from the last position that survived.
   */
  readonly sharesDatabase: boolean;
  /** Creates what is missing and leaves the rest alone. Throws `ServerRefusal` that names every right that is missing. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  listTopics(prefix?: string): Promise<string[]>;
  publish(records: readonly OutgoingRecord[]): Promise<Position[]>;
  /** For each record what is too large in it, undefined where nothing is: so that one of many can be told apart before `publishIn` fails for it. */
  oversizeOf(records: readonly OutgoingRecord[]): Promise<(Oversize | undefined)[]>;
  /** As the transaction's last statement: it holds the partitions until commit. Call `announce` after the commit. */
  publishIn(tx: Queryable, records: readonly OutgoingRecord[]): Promise<void>;
  /** A transaction with `publishIn` to these topics has committed: readers learn of it now and not at their next look. */
  announce(topics: Iterable<string>): void;
  /** All partitions of the topic; empty when there is no such topic. */
  bounds(topic: string): Promise<LogBounds[]>;
  /** Up to `limit` records from an offset on: for replays, audits, dead letters. */
  readFrom(partition: TopicPartition, offset: number, limit: number): Promise<LogRecord[]>;
  /**
   * Overwrites the records of a key in their places with records of the type `event.erased`, which readers skip. Answers how many;
   * undefined where the log cannot change what lies on it (Kafka): then retention alone removes it. Done again, it finds nothing more.
   */
  eraseKey(key: KeyToErase): Promise<number | undefined>;
  consume(options: ConsumeOptions): Promise<Consumption>;
  /** What keeps it from working at the moment (a broker that is away, messages that cannot leave): a sentence each. Empty when all is well. */
  waitingFor(): readonly string[];
  /** What can never leave and was set aside, a sentence with the remedy: nothing waits for it. Empty when all is well. */
  setAside(): readonly string[];
  /** Why `publishIn` throws `OutOfRoom` at the moment: too much waits for a broker. Undefined while it takes. */
  refusal(): string | undefined;
  close(): Promise<void>;
}
