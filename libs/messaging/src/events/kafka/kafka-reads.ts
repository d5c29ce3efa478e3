import type { LogRecord } from '../bus.ts';
import type { Fetched, FetchMany, FetchRequest } from '../fetch-queue.ts';
import type { FetchedPartition } from './fetch-protocol.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaIndex } from './kafka-index.ts';
import { decodeRecordSet } from './record-batches.ts';

/** Of one partition in one fetch; the first batch comes whole even when it is larger. */
const PARTITION_BYTES = 1_048_576;
const ANSWER_BYTES = 16 * PARTITION_BYTES;
/** Partitions of which something fetched waits to be asked for. */
const MAX_AHEAD = 64;

// Error codes: https://kafka.apache.org/protocol#protocol_error_codes
const OFFSET_OUT_OF_RANGE = 1;
const UNKNOWN_TOPIC_OR_PARTITION = 3;

interface Ahead {
  readonly uuid: string;
  /** What is left begins here. */
  from: number;
  readonly records: readonly LogRecord[];
  taken: number;
  readonly next: number;
}

/** Reads partitions of the log. What a broker sends is more than is asked for at a time: the rest is kept for the next call. */
export class KafkaReads {
  readonly #cluster: KafkaCluster;
  readonly #index: KafkaIndex;
  readonly #ahead = new Map<string, Ahead>();

  constructor(cluster: KafkaCluster, index: KafkaIndex) {
    this.#cluster = cluster;
    this.#index = index;
  }

  readonly fetchMany: FetchMany = async (requests) => {
    const missing = requests.filter((request) => this.#find(request) === undefined);
    const failed = missing.length > 0 ? await this.#fetch(missing) : new Map<FetchRequest, Error | undefined>();
    return requests.map((request) => (failed.has(request) ? failed.get(request) : this.#take(request)));
  };

  /** Answers those that could not be read, and why; undefined where the partition is not there any more. */
  async #fetch(requests: readonly FetchRequest[]): Promise<Map<FetchRequest, Error | undefined>> {
    const failed = new Map<FetchRequest, Error | undefined>();
    for (const request of requests) if (this.#leaderOf(request.topic, request.partition) === undefined) failed.set(request, undefined);
    const byLeader = Map.groupBy(
      requests.filter((request) => !failed.has(request)),
      ({ topic, partition }) => this.#leaderOf(topic, partition),
    );
    await Promise.all(
      [...byLeader].map(async ([leader, own]) => {
        const wishes = own.map(({ topic, partition, offset }) => ({ topic: topic.name, partition, offset, maxBytes: PARTITION_BYTES }));
        const answers = await this.#fetchAt(leader ?? -1, wishes);
        for (const request of own) {
          const answer = answers.find(({ topic, partition }) => topic === request.topic.name && partition === request.partition);
          if (answer === undefined || answer.error === UNKNOWN_TOPIC_OR_PARTITION) failed.set(request, undefined);
          else await this.#keep(request, answer).catch((error: unknown) => failed.set(request, asError(error))); // the others are read
        }
      }),
    );
    return failed;
  }

  async #fetchAt(leader: number, wishes: Parameters<KafkaCluster['fetch']>[1]): Promise<FetchedPartition[]> {
    try {
      return await this.#cluster.fetch(leader, wishes, { maxWaitMs: 0, maxBytes: ANSWER_BYTES });
    } catch (error) {
      await this.#index.refresh(); // the leader may have moved; the next try knows
      throw error;
    }
  }

  /** Undefined when the topic is not there any more, or was made again. */
  #leaderOf({ name, uuid }: FetchRequest['topic'], partition: number): number | undefined {
    const known = this.#index.find(name);
    return known?.uuid === uuid ? known.leaders[partition] : undefined;
  }

  async #keep({ topic, partition, offset }: FetchRequest, answer: FetchedPartition): Promise<void> {
    if (answer.error === OFFSET_OUT_OF_RANGE) {
      await this.#index.refresh(); // its bounds tell the reader on which side it is
      return;
    }
    if (answer.error !== 0) {
      await this.#index.refresh();
      throw new Error(
        `Partition ${partition} of "${topic.name}" could not be read (error ${answer.error} of Kafka's protocol): its leader may be changing.`,
      );
    }
    this.#index.saw(answer, answer);
    const { records, next } = decodeRecordSet({ ...answer, from: offset });
    if (next === offset) return;
    for (const key of this.#ahead.keys()) {
      if (this.#ahead.size < MAX_AHEAD) break;
      this.#ahead.delete(key); // the oldest: its partition has gone to another member
    }
    this.#ahead.set(keyOf(topic.name, partition), { uuid: topic.uuid, from: offset, records, taken: 0, next });
  }

  #find({ topic, partition, offset }: FetchRequest): Ahead | undefined {
    const ahead = this.#ahead.get(keyOf(topic.name, partition));
    return ahead?.uuid === topic.uuid && ahead.from === offset ? ahead : undefined;
  }

  #take(request: FetchRequest): Fetched {
    const { topic, partition, offset, limit } = request;
    const bounds = this.#index.boundsOf({ topic: topic.name, partition }) ?? { start: offset, end: offset };
    const ahead = this.#find(request);
    if (ahead === undefined) return { records: [], start: bounds.start, end: bounds.end, next: offset };
    const records = ahead.records.slice(ahead.taken, ahead.taken + limit);
    ahead.taken += records.length;
    const isWhole = ahead.taken === ahead.records.length;
    ahead.from = isWhole ? ahead.next : (records.at(-1)?.offset ?? offset - 1) + 1;
    if (isWhole) this.#ahead.delete(keyOf(topic.name, partition));
    return { records, start: bounds.start, end: Math.max(bounds.end, ahead.from), next: ahead.from };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
