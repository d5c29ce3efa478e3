import kafkajs, { type Admin } from 'kafkajs';
import type { TopicSpec } from '../bus.ts';
import type { KafkaAddress } from './kafka-url.ts';

const BEST_REPLICATION = 3;

/** Creates topics; another process may be creating the same ones just now. */
export async function createTopics(admin: Admin, topics: readonly TopicSpec[], { partitions, replication }: KafkaAddress): Promise<void> {
  if (topics.length === 0) return;
  const copies = replication ?? Math.min(BEST_REPLICATION, (await admin.describeCluster()).brokers.length);
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map((topic) => ({
      topic: topic.name,
      numPartitions: partitions,
      replicationFactor: copies,
      configEntries: configOf(topic, copies),
    })),
  });
}

/** Append time is the broker's, because retention must not follow what a replay says of the past. */
function configOf({ retentionMs, compacted }: TopicSpec, copies: number): { name: string; value: string }[] {
  return [
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
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
