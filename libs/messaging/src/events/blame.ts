import { CannotLeave } from '@roofshot/storage/outbox-relay';
import { isLostConnection } from '@roofshot/storage/sql-errors';
import type { EventBus, OutgoingRecord } from './bus.ts';
import { unknownTopic } from './log-index.ts';
import { refuseUnstorable, tooLarge } from './storable.ts';

/** A topic that is away for so long was deleted. Shorter: it may be being made again, or not every broker knows it yet. */
const MISSING_MS = 60_000;

type Log = Pick<EventBus, 'listTopics' | 'oversizeOf' | 'bounds'>;

interface Carried {
  readonly record: OutgoingRecord;
}

/** Finds among records that could not be published those that never can be, so that the others need not wait for them. */
export class Blame {
  readonly #bus: Log;
  readonly #missingMs: number;
  /** Epoch milliseconds at which a topic was first found to be away. */
  readonly #missing = new Map<string, number>();

  constructor(bus: Log, missingMs = MISSING_MS) {
    this.#bus = bus;
    this.#missingMs = missingMs;
  }

  isMissing(topic: string): boolean {
    return this.#missing.has(topic);
  }

  found(topic: string): void {
    this.#missing.delete(topic);
  }

  /** Throws `CannotLeave` with those; else the error of the failed publishing. */
  async rethrow(error: unknown, messages: readonly Carried[]): Promise<never> {
    if (isLostConnection(error)) throw error;
    const reasons = await this.#reasons(messages);
    if (reasons.size > 0) throw new CannotLeave(reasons);
    throw error;
  }

  async #reasons(messages: readonly Carried[]): Promise<Map<number, string>> {
    const records = messages.map(({ record }) => record);
    this.#note(new Set(records.map(({ topic }) => topic)), new Set(await this.#bus.listTopics()));
    const oversizes = await this.#bus.oversizeOf(records);
    const partitions = await this.#partitionsOf(records);
    const reasons = new Map<number, string>();
    records.forEach((record, index) => {
      const oversize = oversizes[index];
      const fault = faultOf(record, partitions.get(record.topic) ?? Infinity);
      if (oversize !== undefined) reasons.set(index, tooLarge(record.topic, oversize).message);
      else if (this.#isGone(record.topic)) reasons.set(index, unknownTopic(record.topic).message);
      else if (fault !== undefined) reasons.set(index, fault);
    });
    return reasons;
  }

  /** Of the topics in which some record names its partition: one that was made again may have fewer. */
  async #partitionsOf(records: readonly OutgoingRecord[]): Promise<Map<string, number>> {
    const named = new Set(records.flatMap(({ topic, partition }) => (partition === undefined || this.#missing.has(topic) ? [] : [topic])));
    const found = await Promise.all([...named].map(async (topic) => [topic, (await this.#bus.bounds(topic)).length] as const));
    return new Map(found.filter(([, count]) => count > 0));
  }

  #note(topics: ReadonlySet<string>, there: ReadonlySet<string>): void {
    for (const topic of this.#missing.keys()) if (there.has(topic)) this.#missing.delete(topic);
    for (const topic of topics) if (!there.has(topic) && !this.#missing.has(topic)) this.#missing.set(topic, Date.now());
  }

  #isGone(topic: string): boolean {
    const since = this.#missing.get(topic);
    return since !== undefined && Date.now() - since >= this.#missingMs;
  }
}

function faultOf(record: OutgoingRecord, partitions: number): string | undefined {
  try {
    refuseUnstorable(record, partitions);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
