import type { Kafka } from 'kafkajs';
import fetchRequest from 'kafkajs/src/protocol/requests/fetch/v11/request.js';
import type { TopicPartition } from '../bus.ts';
import { decodeFetchResponse, type FetchedPartition } from './fetch-protocol.ts';
import { clusterMaker } from './own-encoding.ts';
import { decodeMetadataResponse, encodeMetadataRequest, METADATA, type TopicMetadata } from './metadata-protocol.ts';

/**
 * What kafkajs has inside and does not offer outside: requests to one broker. Its consumer is not used (docs/adr/0014), because a
 * slow partition holds up all others of its broker there, and it cannot read from an offset without joining a group.
 */
interface Broker {
  readonly nodeId: number;
  readonly versions: Readonly<Record<number, { readonly maxVersion: number }>> | null;
  readonly connectionPool: {
    send(call: { readonly request: object; readonly response: object }): Promise<unknown>;
    getConnection(index: number): Promise<unknown>;
  };
  disconnect(): Promise<void>;
  listOffsets(wish: object): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  offsetCommit(wish: object): Promise<unknown>;
}

interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findBroker(node: { nodeId: number }): Promise<Broker>;
  findGroupCoordinator(group: { groupId: string }): Promise<Broker>;
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> };
}

type MakeCluster = (options: { allowAutoTopicCreation: boolean; metadataMaxAge: number; isolationLevel: number }) => Cluster;

const COMMITTED_ONLY = 1;
const CONSUMER = -1;
const EARLIEST = -2;
const LATEST = -1;
const METADATA_MAX_AGE_MS = 60_000;

export interface ReadWish extends TopicPartition {
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchLimits {
  /** How long the broker waits for something to come; 0: it answers at once. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

export interface Placed extends TopicPartition {
  readonly leader: number;
}

export interface FoundBounds extends TopicPartition {
  readonly start: number;
  readonly end: number;
}

/** Connections to the brokers of one cluster, one request each. Nothing is retried here: a failure means that the place may have changed. */
export class KafkaCluster {
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Throws a sentence when the cluster is too old. */
  static async connect(kafka: Kafka): Promise<KafkaCluster> {
    const cluster = makeClusterOf(kafka)({
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      isolationLevel: COMMITTED_ONLY,
    });
    await cluster.connect();
    const connected = new KafkaCluster(cluster);
    try {
      await cluster.refreshMetadata();
      refuseOld(await cluster.brokerPool.findConnectedBroker());
    } catch (error) {
      await connected.close();
      throw error;
    }
    return connected;
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect();
  }

  /** All topics but Kafka's own. */
  async topics(): Promise<TopicMetadata[]> {
    const broker = await this.#cluster.brokerPool.findConnectedBroker();
    const request = { ...METADATA, encode: () => Promise.resolve(encoded(encodeMetadataRequest())) };
    return send(broker, request, decodeMetadataResponse);
  }

  /** Records from the offsets on, of partitions that the broker leads. */
  async fetch(leader: number, wishes: readonly ReadWish[], { maxWaitMs, maxBytes }: FetchLimits): Promise<FetchedPartition[]> {
    const broker = await this.#brokerOf(leader);
    const topics = [...Map.groupBy(wishes, ({ topic }) => topic)].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition, offset, maxBytes: most }) => ({ partition, fetchOffset: offset, maxBytes: most })),
    }));
    const wish = { replicaId: CONSUMER, maxWaitTime: maxWaitMs, minBytes: 1, maxBytes, isolationLevel: COMMITTED_ONLY, topics };
    return send(broker, fetchRequest(wish), decodeFetchResponse);
  }

  /** Where committed records begin and end, asked of each partition's leader. */
  async bounds(partitions: readonly Placed[]): Promise<FoundBounds[]> {
    const byLeader = [...Map.groupBy(partitions, ({ leader }) => leader)];
    const found = await Promise.all(byLeader.map(([leader, own]) => this.#boundsAt(leader, own)));
    return found.flat();
  }

  /** Tells Kafka's own tools how far a group is; nothing here ever reads it. */
  async commit(groupId: string, positions: readonly (TopicPartition & { readonly position: number })[]): Promise<void> {
    const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, own]) => ({
      topic,
      partitions: own.map(({ partition, position }) => ({ partition, offset: String(position) })),
    }));
    await coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: '', retentionTime: -1, topics });
  }

  async #boundsAt(leader: number, partitions: readonly Placed[]): Promise<FoundBounds[]> {
    const broker = await this.#brokerOf(leader);
    await connectOnce(broker, OTHERS);
    const [starts, ends] = await Promise.all([offsetsAt(broker, partitions, EARLIEST), offsetsAt(broker, partitions, LATEST)]);
    return partitions.map(({ topic, partition }) => {
      const key = `${topic}/${partition}`;
      return { topic, partition, start: starts.get(key) ?? 0, end: ends.get(key) ?? 0 };
    });
  }

  async #brokerOf(leader: number): Promise<Broker> {
    try {
      return await this.#cluster.findBroker({ nodeId: leader });
    } catch (error) {
      await this.#cluster.refreshMetadata(); // brokers may have moved; the next try knows
      throw error;
    }
  }
}

const makeClusterOf = (kafka: Kafka): MakeCluster => (kafka as unknown as Record<symbol, MakeCluster>)[clusterMaker(kafka)] as MakeCluster;

function refuseOld({ versions }: Broker): void {
  const highest = versions?.[METADATA.apiKey]?.maxVersion ?? 0;
  if (highest < METADATA.apiVersion) {
    throw new Error(
      'The Kafka brokers are older than 2.8 and tell no topic ids, so a topic that was made again could not be told from the old one. Upgrade Kafka.',
    );
  }
}

async function offsetsAt(broker: Broker, partitions: readonly Placed[], timestamp: number): Promise<Map<string, number>> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, own]) => ({
    topic,
    partitions: own.map(({ partition }) => ({ partition, timestamp })),
  }));
  const { responses } = await broker.listOffsets({ replicaId: CONSUMER, isolationLevel: COMMITTED_ONLY, topics });
  return new Map(
    responses.flatMap(({ topic, partitions: own }) =>
      own.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)] as const),
    ),
  );
}

const encoded = (bytes: Buffer): { readonly buf: Buffer; readonly buffer: Buffer } => ({ buf: bytes, buffer: bytes });

/** kafkajs keeps two connections to a broker: one for fetches, which may be held, one for all else. */
const OTHERS = 0;
const FETCHES = 1;
const FETCH = 1;

const connecting = new WeakMap<Broker, Map<number, Promise<unknown>>>();

/** Requests that come together while there is no connection would make one each in kafkajs, of which all but the last are never closed. */
function connectOnce(broker: Broker, index: number): Promise<unknown> {
  const own = connecting.get(broker) ?? new Map<number, Promise<unknown>>();
  connecting.set(broker, own);
  const running = own.get(index) ?? broker.connectionPool.getConnection(index).finally(() => own.delete(index));
  own.set(index, running);
  return running;
}

async function send<T>(broker: Broker, request: { readonly apiKey: number }, decode: (payload: Buffer) => T): Promise<T> {
  try {
    await connectOnce(broker, request.apiKey === FETCH ? FETCHES : OTHERS);
    const response = {
      decode: (payload: Buffer) => Promise.resolve({ payload, clientSideThrottleTime: 0 }),
      parse: ({ payload }: { payload: Buffer }) => Promise.resolve(decode(payload)),
    };
    return (await broker.connectionPool.send({ request, response })) as T;
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect(); // so that the next request connects
    throw error;
  }
}
