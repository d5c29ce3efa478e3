import { CompressionTypes, type Kafka, type Producer, type RecordMetadata } from 'kafkajs';
import type { Position } from '@roofshot/contracts/envelope';
import { ServerRefusal } from '@roofshot/storage/sql-errors';
import type { Logger } from '@roofshot/telemetry/logger';
import type { OutgoingRecord } from '../bus.ts';
import { encodingOwn } from './own-encoding.ts';
import { asFault, describe, missingRight } from './kafka-faults.ts';
import type { KafkaAddress } from './kafka-url.ts';

/** Together about 25 s: longer than a broker takes to come back, shorter than a caller's patience. */
const RETRY = { retries: 12, initialRetryTime: 100, maxRetryTime: 3_000 };

export interface PlacedRecord {
  readonly record: OutgoingRecord;
  readonly partition: number;
}

/**
 * Appends by an idempotent producer with acks from all in-sync replicas: a retry of kafkajs' own is recognised by the broker and
 * doubles nothing. To be called by one caller at a time.
 */
export class KafkaAppends {
  readonly #kafka: Kafka;
  readonly #address: KafkaAddress;
  readonly #log: Logger;
  #producer: Promise<Producer> | undefined;

  constructor(kafka: Kafka, address: KafkaAddress, log: Logger) {
    this.#kafka = encodingOwn(kafka);
    this.#address = address;
    this.#log = log;
  }

  /** Positions in the order of the records. When it throws, any of them may or may not lie on the log. */
  async append(records: readonly PlacedRecord[]): Promise<Position[]> {
    this.#producer ??= this.#connect();
    const producer = this.#producer;
    try {
      const topicMessages = [...Map.groupBy(records, ({ record }) => record.topic)].map(([topic, own]) => ({
        topic,
        messages: own.map(({ record: { key, value, headers }, partition }) => ({ key, value, headers, partition })),
      }));
      return positionsOf(records, await (await producer).sendBatch({ acks: -1, compression: CompressionTypes.None, topicMessages }));
    } catch (error) {
      this.#replace(producer);
      const fault = asFault(error, this.#address, 'unknown');
      if (fault instanceof ServerRefusal) throw missingRight(this.#address, `Write (one of ${topicsOf(records).join(', ')})`, error);
      throw new Error(
        `Kafka did not acknowledge ${records.length} records: ${describe(error)}. Whether they lie on the log is not known; send them again.`,
        { cause: fault },
      );
    }
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined); // one that could not be made needs no end
    await producer?.disconnect();
  }

  /**
   * kafkajs counts a failed batch as never sent. When it lies on the log after all, the next one would carry its sequence numbers, and
   * the broker would take it for a repetition: acknowledged, and lost. A new producer has numbers of its own.
   */
  #replace(failed: Promise<Producer>): void {
    this.#producer = undefined;
    failed
      .then((producer) => producer.disconnect())
      .catch((error: unknown) => this.#log.debug('A Kafka producer that is not used any more could not be closed.', { error }));
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, retry: RETRY });
    await producer.connect();
    return producer;
  }
}

function positionsOf(records: readonly PlacedRecord[], answers: readonly RecordMetadata[]): Position[] {
  const next = new Map(answers.map(({ topicName, partition, baseOffset }) => [`${topicName}/${partition}`, Number(baseOffset)]));
  return records.map(({ record: { topic }, partition }) => {
    const offset = next.get(`${topic}/${partition}`);
    if (offset === undefined) throw new Error(`Kafka's answer says nothing about partition ${partition} of "${topic}".`);
    next.set(`${topic}/${partition}`, offset + 1);
    return { topic, partition, offset };
  });
}

function topicsOf(records: readonly PlacedRecord[]): string[] {
  return [...new Set(records.map(({ record }) => record.topic))];
}
