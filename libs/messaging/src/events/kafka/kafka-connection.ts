import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import type { Logger } from '@roofshot/telemetry/logger';
import type { TopicSpec } from '../bus.ts';
import type { PortIdentity } from '../../agreed-ports.ts';
import { kafkaClient } from './kafka-client.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { asFault, describe, missingRight, remedyOf } from './kafka-faults.ts';
import { KafkaIndex } from './kafka-index.ts';
import { MissingRights } from './kafka-rights.ts';
import { createTopics } from './kafka-topics.ts';
import { parseKafkaUrl, type KafkaAddress } from './kafka-url.ts';
import type { TopicMetadata } from './metadata-protocol.ts';

const LOOKS = 50;
const LOOK_MS = 100;

/** What a log in Kafka speaks to its brokers with. */
export class KafkaConnection {
  readonly address: KafkaAddress;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly cluster: KafkaCluster;
  /** Connections of their own for questions that a broker holds. */
  readonly tailCluster: KafkaCluster;
  readonly index: KafkaIndex;

  private constructor(
    address: KafkaAddress,
    made: { readonly kafka: Kafka; readonly admin: Admin; readonly clusters: [KafkaCluster, KafkaCluster] },
  ) {
    this.address = address;
    this.kafka = made.kafka;
    this.admin = made.admin;
    [this.cluster, this.tailCluster] = made.clusters;
    this.index = new KafkaIndex(this.cluster);
  }

  /** Throws a sentence when the URL cannot be read, no broker answers, they refuse what the URL says, or they are too old. */
  static async open(url: string, log: Logger): Promise<KafkaConnection> {
    const address = parseKafkaUrl(url);
    const kafka = kafkaClient(address, log);
    const admin = kafka.admin();
    return new KafkaConnection(address, { kafka, admin, clusters: await connectAll(address, kafka, admin) });
  }

  /** As EventBus; answers whether one was missing. */
  async ensureTopics(topics: readonly TopicSpec[]): Promise<boolean> {
    return this.ask(() => this.#ensureTopics(topics));
  }

  /** Throws `LostConnection` where no broker answers the question, and `ServerRefusal` where a right is missing. */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw asFault(error, this.address, 'not applied');
    }
  }

  /** Undefined where the cluster has no id. */
  async identity(): Promise<PortIdentity | undefined> {
    const { clusterId } = await this.ask(() => this.admin.describeCluster());
    const name = `Kafka at ${this.address.brokers.join(', ')} (cluster ${clusterId})`;
    return clusterId ? { mark: `kafka ${clusterId}`, name } : undefined; // typed as text, and null on the wire of some
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.disconnect(), this.cluster.close(), this.tailCluster.close()]);
  }

  async #ensureTopics(topics: readonly TopicSpec[]): Promise<boolean> {
    await this.index.refresh();
    const absent = topics.filter(({ name }) => !this.index.all.has(name));
    const rights = new MissingRights();
    if (absent.length > 0) {
      await createTopics(this.admin, absent, this.address, rights);
      await this.#awaitTopics(absent.filter(({ name }) => !rights.has('Create', name)));
    }
    rights.addMissing(topics, this.index.all);
    const missing = rights.describe();
    if (missing !== undefined) throw missingRight(this.address, missing);
    return absent.length > 0;
  }

  /** Brokers learn of a new topic, and who leads it, one after the other; one that may not be described never shows. */
  async #awaitTopics(topics: readonly TopicSpec[]): Promise<void> {
    for (let looks = 0; looks < LOOKS; looks += 1) {
      await this.index.refresh();
      if (topics.every(({ name }) => isLed(this.index.all.get(name)))) return;
      await delay(LOOK_MS);
    }
  }
}

const isLed = (topic: TopicMetadata | undefined): boolean => topic?.partitions.every(({ leader }) => leader >= 0) ?? false;

async function connectAll(address: KafkaAddress, kafka: Kafka, admin: Admin): Promise<[KafkaCluster, KafkaCluster]> {
  const opened: KafkaCluster[] = [];
  try {
    await admin.connect();
    for (let n = 0; n < 2; n += 1) opened.push(await KafkaCluster.connect(kafka));
    return opened as [KafkaCluster, KafkaCluster];
  } catch (error) {
    await Promise.all([...opened.map((cluster) => cluster.close()), admin.disconnect()]);
    const reason = describe(error);
    const sentence = /[.!?]$/.test(reason) ? reason : `${reason}.`; // what libraries say ends in many ways
    throw new Error(`No Kafka can be used at ${address.brokers.join(', ')} (EVENTS_URL): ${sentence} ${remedyOf(error)}`, {
      cause: asFault(error, address, 'not applied'),
    });
  }
}
