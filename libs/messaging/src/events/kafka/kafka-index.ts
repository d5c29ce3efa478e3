import { oneAtATime } from '../../one-at-a-time.ts';
import type { LogBounds, TopicPartition } from '../bus.ts';
import type { Subscription } from '../group-membership.ts';
import { boundsIn, unknownTopic, type IndexedTopic, type LogIndex } from '../log-index.ts';
import type { KafkaCluster, Placed } from './kafka-cluster.ts';
import { whenSettled } from './kafka-settling.ts';
import type { TopicMetadata } from './metadata-protocol.ts';

interface Bounds {
  start: number;
  end: number;
}

export interface KafkaTopic extends IndexedTopic {
  readonly bounds: readonly Bounds[];
  /** By partition number; −1: none at the moment. */
  readonly leaders: readonly number[];
}

/** All topics of the cluster, and the bounds of those that somebody here has asked for. */
export class KafkaIndex implements LogIndex {
  readonly #cluster: KafkaCluster;
  readonly #names = new Set<string>();
  readonly #prefixes = new Set<string>();
  #all: ReadonlyMap<string, TopicMetadata> = new Map();
  #watched: ReadonlyMap<string, KafkaTopic> = new Map();

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
  }

  readonly refresh = oneAtATime(() => whenSettled(() => this.#look()));

  /** From the next look on, the bounds of these topics are known. */
  watch(topics: Subscription): void {
    if ('prefix' in topics) this.#prefixes.add(topics.prefix);
    else for (const name of topics) this.#names.add(name);
  }

  /** Those that are watched. */
  get topics(): Iterable<KafkaTopic> {
    return this.#watched.values();
  }

  /** As the last look has found them, also those that nobody watches. */
  get all(): ReadonlyMap<string, TopicMetadata> {
    return this.#all;
  }

  get names(): string[] {
    return [...this.#all.keys()];
  }

  find(name: string): KafkaTopic | undefined {
    return this.#watched.get(name);
  }

  /** Number of partitions. Throws for a topic that was not there at the last look. */
  partitionsOf(name: string): number {
    const topic = this.#all.get(name);
    if (topic === undefined) throw unknownTopic(name);
    return topic.partitions.length;
  }

  /** Looks again when one of these was not there at the last look. */
  async lookUp(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      if (this.#all.has(name)) continue;
      await this.refresh();
      return;
    }
  }

  boundsOf({ topic, partition }: TopicPartition): LogBounds | undefined {
    return boundsIn(this.find(topic), partition);
  }

  /** A fetch has told bounds. Answers whether the end has moved on. */
  saw({ topic, partition }: TopicPartition, { start, end }: Readonly<Bounds>): boolean {
    const bounds = this.find(topic)?.bounds[partition];
    if (bounds === undefined || end <= bounds.end) return false;
    bounds.start = Math.max(bounds.start, start);
    bounds.end = end;
    return true;
  }

  /** Of all watched topics. */
  get partitions(): (Placed & Readonly<Bounds>)[] {
    return [...this.topics].flatMap(({ name, leaders, bounds }) =>
      bounds.map(({ start, end }, partition) => ({ topic: name, partition, leader: leaders[partition] ?? -1, start, end })),
    );
  }

  async #look(): Promise<void> {
    const all = new Map((await this.#cluster.topics()).map((topic) => [topic.name, topic]));
    const watched = [...all.values()].filter(({ name }) => this.#watches(name));
    const placed = watched.flatMap(({ name, partitions }) =>
      partitions.map(({ leader }, partition) => ({ topic: name, partition, leader })),
    );
    const found = await this.#cluster.bounds(placed.filter(({ leader }) => leader >= 0));
    const bounds = new Map(found.map(({ topic, partition, start, end }) => [`${topic}/${partition}`, { start, end }]));
    this.#all = all;
    this.#watched = new Map(watched.flatMap((topic) => this.#withBounds(topic, bounds)).map((topic) => [topic.name, topic]));
  }

  #watches(name: string): boolean {
    return this.#names.has(name) || [...this.#prefixes].some((prefix) => name.startsWith(prefix));
  }

  /** A partition without a leader keeps the bounds it had; a topic with a partition of which nothing is known yet is not told. */
  #withBounds({ name, uuid, partitions }: TopicMetadata, found: ReadonlyMap<string, Bounds>): KafkaTopic[] {
    const before = this.#watched.get(name);
    const bounds = partitions.map(
      (_, partition) => found.get(`${name}/${partition}`) ?? (before?.uuid === uuid ? before.bounds[partition] : undefined),
    );
    const known = bounds.filter((one) => one !== undefined);
    return known.length === bounds.length ? [{ name, uuid, bounds: known, leaders: partitions.map(({ leader }) => leader) }] : [];
  }
}
