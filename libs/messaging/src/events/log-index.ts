import type { LogBounds, TopicPartition } from './bus.ts';

/** A topic as the log knows it. `uuid` differs after it was deleted and made again. */
export interface IndexedTopic {
  readonly name: string;
  readonly uuid: string;
  /** By partition number: offsets start ≤ o < end, as of the last look. */
  readonly bounds: readonly { readonly start: number; readonly end: number }[];
}

/** What an adapter knows of its log: which topics there are, and the bounds of their partitions. */
export interface LogIndex {
  /** Looks at the log; the look is begun after the call. */
  refresh(): Promise<void>;
  readonly topics: Iterable<IndexedTopic>;
  /** As of the last look; undefined when there is no such topic or partition. */
  boundsOf(partition: TopicPartition): LogBounds | undefined;
}

export function boundsIn(topic: IndexedTopic | undefined, partition: number): LogBounds | undefined {
  const bounds = topic?.bounds[partition];
  return topic === undefined || bounds === undefined ? undefined : { topic: topic.name, partition, topicId: topic.uuid, ...bounds };
}

/** Of all its partitions, in their order; empty when there is no such topic. */
export function allBoundsIn(topic: IndexedTopic | undefined): LogBounds[] {
  return (topic?.bounds ?? []).map((_, partition) => boundsIn(topic, partition)).filter((bounds) => bounds !== undefined);
}

export function unknownPartition({ topic, partition }: TopicPartition): Error {
  return new Error(`There is no partition ${partition} in "${topic}". bounds("${topic}") tells which there are.`);
}

export function unknownTopic(name: string): Error {
  return new Error(`There is no topic "${name}" on the log. Check its name, or create it first with ensureTopics.`);
}
