import type { Admin } from 'kafkajs';
import type { OutgoingRecord, Oversize } from '../bus.ts';
import { refuseUnstorable, tooLarge } from '../storable.ts';
import type { KafkaIndex } from './kafka-index.ts';
import { maxBatchBytes } from './kafka-topics.ts';

/** In one request, over all partitions: enough for the cost of a request to vanish. */
export const MAX_REQUEST_BYTES = 900_000;
const BATCH_OVERHEAD = 1_024;
/** Of a record beside key, value and header names and values. */
const RECORD_OVERHEAD = 48;
/** For headers that a record gets on its way: its place in an outbox's stream, and the stamps of its stream's clock. */
const LATER_HEADERS = 512;
/** A refusal asks again for a limit that was learnt longer ago: it may have been raised. */
const LEARNT_MS = 1_000;

/** What one request may hold: Kafka refuses a batch that is larger than its topic takes, and with it every record in it. */
export class BatchLimits {
  readonly #admin: Admin;
  readonly #index: KafkaIndex;
  readonly #limits = new Map<string, { readonly bytes: number; readonly learntAt: number }>();

  constructor(admin: Admin, index: KafkaIndex) {
    this.#admin = admin;
    this.#index = index;
  }

  /** A bad record fails its own caller before it meets the others. */
  async refuseBad(records: readonly OutgoingRecord[]): Promise<void> {
    await this.#learn(new Set(records.map(({ topic }) => topic)));
    for (const record of records) {
      const { topic } = record;
      refuseUnstorable(record, this.#index.partitionsOf(topic));
      const oversize = this.#fits(record, 0) ? undefined : await this.#oversize(record, 0);
      if (oversize !== undefined) throw tooLarge(topic, oversize);
    }
  }

  /** What has no topic is not told: publishing refuses it. */
  async oversizeOf(records: readonly OutgoingRecord[]): Promise<(Oversize | undefined)[]> {
    const topics = new Set(records.map(({ topic }) => topic));
    await this.#index.lookUp(topics);
    const known = new Set([...topics].filter((topic) => this.#index.all.has(topic)));
    await this.#learn(known);
    const oversizes: (Oversize | undefined)[] = [];
    for (const record of records) {
      const isFine = !known.has(record.topic) || this.#fits(record, LATER_HEADERS);
      oversizes.push(isFine ? undefined : await this.#oversize(record, LATER_HEADERS));
    }
    return oversizes;
  }

  #fits(record: OutgoingRecord, later: number): boolean {
    return bytesAtMost(record) + later <= this.#limitOf(record.topic);
  }

  async #oversize(record: OutgoingRecord, later: number): Promise<Oversize | undefined> {
    const { topic } = record;
    const bytes = bytesOf(record) + later;
    if (bytes > this.#limitOf(topic) && Date.now() - (this.#limits.get(topic)?.learntAt ?? 0) > LEARNT_MS)
      await this.#ask(topic).catch(() => undefined); // while Kafka is away, what was known counts
    const limit = this.#limitOf(topic);
    return bytes > limit ? { bytes, limit } : undefined;
  }

  async #learn(topics: ReadonlySet<string>): Promise<void> {
    await this.#index.lookUp(topics);
    for (const topic of topics) {
      if (this.#limits.has(topic)) continue;
      this.#index.partitionsOf(topic); // throws when it is not there
      await this.#ask(topic);
    }
  }

  /** A topic takes less than was known: before the next publishing it is asked for again. */
  forget(): void {
    this.#limits.clear();
  }

  async #ask(topic: string): Promise<void> {
    const bytes = (await maxBatchBytes(this.#admin, topic)) - BATCH_OVERHEAD;
    this.#limits.set(topic, { bytes, learntAt: Date.now() });
  }

  #limitOf(topic: string): number {
    return this.#limits.get(topic)?.bytes ?? MAX_REQUEST_BYTES;
  }

  /** Small enough that each topic takes its part as one batch. */
  pieces(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
    const pieces: OutgoingRecord[][] = [];
    let [room, piece]: [number, OutgoingRecord[]] = [0, []];
    for (const record of records) {
      const bytes = bytesAtMost(record);
      room = Math.min(room, this.#limitOf(record.topic)) - bytes;
      if (piece.length === 0 || room < 0) {
        pieces.push((piece = []));
        room = Math.min(MAX_REQUEST_BYTES, this.#limitOf(record.topic)) - bytes;
      }
      piece.push(record);
    }
    return pieces;
  }
}

/** What a record may have, for the price of one look at its value: UTF-8 needs at most three bytes for what JavaScript counts as one. */
export function bytesAtMost({ key, value, headers }: OutgoingRecord): number {
  let characters = key.length;
  for (const name in headers) characters += name.length + (headers[name] ?? '').length + 2;
  return RECORD_OVERHEAD + 3 * characters + Buffer.byteLength(value);
}

function bytesOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD + Buffer.byteLength(key) + Buffer.byteLength(value);
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '') + 4;
  return bytes;
}
