import type { Admin } from 'kafkajs';
import type { OutgoingRecord } from '../bus.ts';
import { refuseUnstorable } from '../storable.ts';
import type { KafkaIndex } from './kafka-index.ts';
import { maxBatchBytes } from './kafka-topics.ts';

/** In one request, over all partitions: enough for the cost of a request to vanish. */
export const MAX_REQUEST_BYTES = 900_000;
const BATCH_OVERHEAD = 1_024;
/** Of a record beside key, value and header names and values. */
const RECORD_OVERHEAD = 48;

/** What one request may hold: Kafka refuses a batch that is larger than its topic takes, and with it every record in it. */
export class BatchLimits {
  readonly #admin: Admin;
  readonly #index: KafkaIndex;
  readonly #limits = new Map<string, number>();

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
      const [bytes, limit] = [bytesOf(record), this.#limitOf(topic)];
      if (bytes <= limit) continue;
      throw new Error(
        `A record for "${topic}" has about ${bytes} bytes, and the topic takes ${limit}. Send less in one event, or raise the topic's max.message.bytes in Kafka.`,
      );
    }
  }

  async #learn(topics: ReadonlySet<string>): Promise<void> {
    await this.#index.lookUp(topics);
    for (const topic of topics) {
      if (this.#limits.has(topic)) continue;
      this.#index.partitionsOf(topic); // throws when it is not there
      this.#limits.set(topic, (await maxBatchBytes(this.#admin, topic)) - BATCH_OVERHEAD);
    }
  }

  #limitOf(topic: string): number {
    return this.#limits.get(topic) ?? MAX_REQUEST_BYTES;
  }

  /** Small enough that each topic takes its part as one batch. */
  pieces(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
    const pieces: OutgoingRecord[][] = [];
    let [room, piece]: [number, OutgoingRecord[]] = [0, []];
    for (const record of records) {
      const bytes = bytesOf(record);
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

export function bytesOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD + Buffer.byteLength(key) + Buffer.byteLength(value);
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '') + 4;
  return bytes;
}
