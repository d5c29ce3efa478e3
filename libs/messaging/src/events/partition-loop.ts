import { failureLevel } from '@roofshot/storage/failure-level';
import type { Logger } from '@roofshot/telemetry/logger';
import { backOffMs, pause } from '../back-off.ts';
import {
  PartitionStopped,
  type LogBounds,
  type LogRecord,
  type PartitionHealth,
  type PartitionReader,
  type TopicPartition,
} from './bus.ts';
import type { Fetched, FetchRequest } from './fetch-queue.ts';
import type { IndexedTopic } from './log-index.ts';

export interface LoopSurroundings {
  readonly reader: PartitionReader;
  readonly maxBatch: number;
  readonly log: Logger;
  readonly fetch: (request: FetchRequest) => Promise<Fetched>;
  /** Bounds as they are now, read after the call. */
  readonly bounds: (partition: TopicPartition) => Promise<LogBounds | undefined>;
  /** The position moved, or the partition stopped. */
  readonly onProgress: () => void;
}

/** A batch of large records gets fewer of them. Until the size of a partition's records is known, it is taken to be large. */
const MAX_BATCH_CHARACTERS = 8_000_000;
const FIRST_BATCH = 100;
/** A log that ends below the stored position for so long has lost its end, or is another one. */
const BELIEVED_MS = 2_000;
const RETRY = { firstMs: 50, longestMs: 5_000 };

/** Reads one partition for one reader: claim, then fetch and read in turn, and after a failure claim again. */
export class PartitionLoop implements TopicPartition {
  readonly topic: string;
  readonly #topic: IndexedTopic;
  readonly #surroundings: LoopSurroundings;
  readonly #ending = new AbortController();
  #position: number;
  #end: number;
  /** Since when the stored position lies above the end; epoch milliseconds. */
  #aboveSince: number | undefined;
  #limit: number;
  #progressedAt = Date.now();
  #claimed = false;
  #failures = 0;
  #failure: string | undefined;
  #stopped: string | undefined;
  #signalled = false;
  #wake: (() => void) | undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(
    topic: IndexedTopic,
    readonly partition: number,
    surroundings: LoopSurroundings,
  ) {
    this.#topic = topic;
    this.topic = topic.name;
    this.#surroundings = surroundings;
    const bounds = topic.bounds[partition];
    this.#position = bounds?.start ?? 0;
    this.#end = bounds?.end ?? 0;
    this.#limit = Math.min(FIRST_BATCH, surroundings.maxBatch);
  }

  /** Changes when the topic is deleted and made again. */
  get topicId(): string {
    return this.#topic.uuid;
  }

  /** Begins when an earlier loop of the same partition has ended. */
  start(after: Promise<void>): void {
    this.#done = after.then(() => this.#run());
  }

  /** There may be new records. */
  wake(): void {
    this.#signalled = true;
    this.#wake?.();
  }

  /** The connection to the log was lost, and perhaps the end of what was committed before: the stored position is asked for again. */
  claimAgain(): void {
    this.#claimed = false;
    this.wake();
  }

  /** To be called once a second: lets an idle reader know that there is still nothing. */
  tick(): void {
    this.#wake?.();
  }

  /** What another look at the log has found: the end moves also while a batch is being read. */
  sawEnd(end: number): void {
    if (end <= this.#end) return;
    this.#end = end;
    this.wake();
  }

  /** No further read; resolves when the running one has ended. */
  end(): Promise<void> {
    this.#ending.abort();
    this.#wake?.();
    return this.#done;
  }

  get health(): PartitionHealth {
    const { topic, partition } = this;
    const [stopped, failure] = [this.#stopped, this.#failure];
    return {
      topic,
      partition,
      position: this.#position,
      end: this.#end,
      progressedAt: this.#progressedAt,
      ...(failure !== undefined && { failure }),
      ...(stopped !== undefined && { stopped }),
    };
  }

  /** Whether everything below `end` was read by this loop's reader. */
  hasReached(end: number): boolean {
    return this.#claimed && this.#position >= end;
  }

  get #ended(): boolean {
    return this.#ending.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#ended && this.#stopped === undefined) {
      try {
        await this.#claim();
        await this.#readOn();
      } catch (error) {
        this.#claimed = false;
        if (error instanceof PartitionStopped) this.#stop(error);
        else await this.#backOff(error);
      }
    }
  }

  async #claim(): Promise<void> {
    const before = await this.#look();
    if (this.#ended) return;
    const position = await this.#surroundings.reader.claim(before);
    // Whoever had the partition may have read on between the look and the claim.
    const bounds = position > before.end ? await this.#look() : before;
    if (position < bounds.start) throw outOfRange(this, position, bounds);
    if (position > bounds.end) throw this.#aboveEnd(position, bounds);
    this.#aboveSince = undefined;
    this.#claimed = true;
    this.#end = bounds.end; // lower than before when the log has lost its end
    this.#moveTo(position, bounds.end);
  }

  async #look(): Promise<LogBounds> {
    const bounds = await this.#surroundings.bounds(this);
    if (bounds === undefined) throw new Error(`Partition ${this.partition} of "${this.topic}" is not on the log.`);
    return bounds;
  }

  /** The end that a log tells while the partition has no leader is that of an earlier look: it is believed when it stays. */
  #aboveEnd(position: number, bounds: LogBounds): Error {
    this.#aboveSince ??= Date.now();
    if (Date.now() - this.#aboveSince >= BELIEVED_MS) return outOfRange(this, position, bounds);
    return new Error(
      `The stored position ${position} of partition ${this.partition} of "${this.topic}" lies above ${bounds.end}, where the log ends as far as is known. It is looked at again.`,
    );
  }

  async #readOn(): Promise<void> {
    for (let toldAt = 0; !this.#ended && this.#claimed;) {
      this.#signalled = false;
      const fetched = await this.#surroundings.fetch({
        topic: this.#topic,
        partition: this.partition,
        offset: this.#position,
        limit: this.#limit,
      });
      if (this.#position < fetched.start) throw outOfRange(this, this.#position, fetched);
      if (fetched.end < this.#position) this.claimAgain();
      if (this.#ended || !this.#claimed) return;
      const advanced = await this.#readFetched(fetched);
      if (this.#position >= fetched.end) toldAt = await this.#idle(advanced ? 0 : toldAt);
    }
  }

  /** Answers whether there was something. */
  async #readFetched({ records, end, next: lookedUpTo }: Fetched): Promise<boolean> {
    const last = records.at(-1);
    if (last === undefined) {
      this.#moveTo(Math.max(this.#position, lookedUpTo), end); // what lay between was compacted away
      return false;
    }
    this.#learnSize(records);
    const next = await this.#surroundings.reader.read(this, records);
    this.#succeeded();
    this.#moveTo(next > last.offset ? Math.max(next, lookedUpTo) : next, end);
    return true;
  }

  #learnSize(records: readonly LogRecord[]): void {
    const average = records.reduce((sum, { value }) => sum + value.length, 0) / records.length;
    this.#limit = Math.max(1, Math.min(this.#surroundings.maxBatch, Math.floor(MAX_BATCH_CHARACTERS / average)));
  }

  /** Waits for a signal; tells the reader on arriving at the end and then once a second that there is nothing more. */
  async #idle(toldAt: number): Promise<number> {
    let told = toldAt;
    while (!this.#ended && !this.#signalled) {
      if (Date.now() - told >= 1_000) {
        await this.#surroundings.reader.caughtUp?.(this, this.#position);
        this.#succeeded();
        told = Date.now();
      }
      if (this.#signalled || this.#ended) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
      if (!this.#signalled) this.#progressedAt = Date.now(); // idle is healthy
    }
    return told;
  }

  #moveTo(position: number, end: number): void {
    this.#end = Math.max(end, this.#end);
    if (position !== this.#position || position >= this.#end) this.#progressedAt = Date.now(); // to claim again is no progress
    this.#position = position;
    this.#surroundings.onProgress();
  }

  #succeeded(): void {
    this.#failures = 0;
    this.#failure = undefined;
  }

  #stop(error: PartitionStopped): void {
    this.#stopped = error.message;
    this.#surroundings.log.error('A partition was stopped and needs someone to look at it.', { ...this.#fields, error });
    this.#surroundings.onProgress();
  }

  async #backOff(error: unknown): Promise<void> {
    if (this.#ended) return;
    this.#failures += 1;
    this.#failure = error instanceof Error ? error.message : String(error);
    const waitMs = backOffMs(this.#failures, RETRY);
    this.#surroundings.log[failureLevel(error)]('Reading a partition failed and is tried again.', {
      ...this.#fields,
      'labels.failures': this.#failures,
      error,
    });
    await pause(waitMs, this.#ending.signal);
  }

  get #fields(): Record<`labels.${string}`, string | number> {
    return { 'labels.topic': this.topic, 'labels.partition': this.partition, 'labels.position': this.#position };
  }
}

function outOfRange(
  { topic, partition }: TopicPartition,
  position: number,
  { start, end }: { start: number; end: number },
): PartitionStopped {
  const happened =
    position < start
      ? `the records from ${position} to ${start - 1} were dropped by retention before they were read`
      : `the log ends at ${end}, so it is not the log that the position was taken from (an older backup, or another server)`;
  return new PartitionStopped(
    `Partition ${partition} of "${topic}" stands still: the stored position is ${position}, and ${happened}. ` +
      `Restore the log or the service's database so that both fit, or accept the loss by setting next_offset of this checkpoint to ${start}; then restart the service.`,
  );
}
