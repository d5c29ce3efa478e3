import kafkajs, { type Admin } from 'kafkajs';
import { ServerRefusal } from '@roofshot/storage/sql-errors';
import type { TopicSpec } from '../bus.ts';
import { describe, nameOf, typeOf } from './kafka-faults.ts';
import type { MissingRights } from './kafka-rights.ts';
import type { KafkaAddress } from './kafka-url.ts';

const BEST_REPLICATION = 3;

/**
 * Creates topics; another process may be creating the same ones just now. Rights that are missing are added to `missing`. Throws
 * `ServerRefusal` when Kafka refuses for another reason.
 */
export async function createTopics(
  admin: Admin,
  topics: readonly TopicSpec[],
  address: KafkaAddress,
  missing: MissingRights,
): Promise<void> {
  if (topics.length === 0) return;
  const copies = address.replication ?? Math.min(BEST_REPLICATION, (await admin.describeCluster()).brokers.length);
  try {
    await admin.createTopics({
      waitForLeaders: false, // it fails where another process makes them at the same moment
      topics: topics.map((topic) => ({
        topic: topic.name,
        numPartitions: address.partitions,
        replicationFactor: copies,
        configEntries: configOf(topic, copies),
      })),
    });
  } catch (error) {
    explainRefusals(error, address, missing);
  }
}

/** Kafka answers for each topic. One that may be created but not described is found when it is looked for. */
function explainRefusals(error: unknown, address: KafkaAddress, missing: MissingRights): void {
  if (typeOf(error) === 'TOPIC_AUTHORIZATION_FAILED') return;
  const refusals = refusalsIn(error);
  if (refusals === undefined) throw error;
  const others: string[] = [];
  for (const { type, topic, message } of refusals) {
    if (type.endsWith('AUTHORIZATION_FAILED')) missing.add('Create', topic);
    else if (type !== 'TOPIC_ALREADY_EXISTS') others.push(`"${topic}": ${message}`);
  }
  if (others.length === 0) return;
  throw new ServerRefusal(
    `${nameOf(address)} (EVENTS_URL) does not make the topics that are needed: ${others.join('; ')}. ` +
      `Topics are made with the parameters partitions=${address.partitions} and replication=${address.replication ?? '(as many as there are brokers, up to 3)'} of EVENTS_URL: correct them, or make these topics by hand.`,
    { cause: error },
  );
}

interface Refusal {
  readonly type: string;
  readonly topic: string;
  readonly message: string;
}

function refusalsIn(error: unknown): Refusal[] | undefined {
  const { errors } = error as { errors?: unknown };
  if (!Array.isArray(errors)) return undefined;
  return errors.map((one: unknown) => ({ type: typeOf(one), topic: (one as { topic?: string }).topic ?? '?', message: describe(one) }));
}

/**
 * Append time is the broker's, because retention must not follow what a replay says of the past. The compression is the producers',
 * because a broker may be set to one that the readers here do not know; where others produce, who may use any, the broker packs anew.
 */
function configOf({ retentionMs, compacted, isForOthers = false }: TopicSpec, copies: number): { name: string; value: string }[] {
  return [
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
    { name: 'compression.type', value: isForOthers ? 'zstd' : 'producer' },
    { name: 'cleanup.policy', value: compacted ? (retentionMs === null ? 'compact' : 'compact,delete') : 'delete' },
    { name: 'retention.ms', value: String(retentionMs ?? -1) },
    { name: 'min.insync.replicas', value: String(Math.max(1, copies - 1)) },
  ];
}

/** The most bytes that one batch of the topic may have. */
export async function maxBatchBytes(admin: Admin, topic: string): Promise<number> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['max.message.bytes'] }],
  });
  return Number(resources[0]?.configEntries.find(({ configName }) => configName === 'max.message.bytes')?.configValue ?? 1_048_588);
}
