import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { WakeUps } from '../wake-ups.ts';
import type { ConsumeOptions, Consumption, PartitionHealth, TopicPartition } from './bus.ts';
import { FetchQueue, type FetchMany } from './fetch-queue.ts';
import { BEAT_MS, GroupMembership } from './group-membership.ts';
import { PartitionLoop } from './partition-loop.ts';
import type { Presence } from './presence.ts';
import type { IndexedTopic, LogIndex } from './log-index.ts';

export interface ConsumptionSurroundings {
  /** Where the members of a group find each other: the database that holds their positions, whatever log they read. */
  readonly sql: Sql;
  readonly index: LogIndex;
  readonly fetch: FetchMany;
  readonly wakeUps: WakeUps;
  readonly presence: Presence;
  readonly log: Logger;
  /** Called when it has stopped. */
  readonly onStop: (consumption: LogConsumption) => void;
}

const DEFAULT_BATCH = 500;
const TICK_MS = 1_000;
/** Said on the wake-up channel instead of a topic's name when a group has gained or lost a member. */
export const membersOf = (group: string): string => `members:${group}`;

interface Waiter {
  readonly goals: ReadonlyMap<string, number>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** One member's reading of its share of the partitions. */
export class LogConsumption implements Consumption {
  readonly #options: ConsumeOptions;
  readonly #surroundings: ConsumptionSurroundings;
  readonly #membership: GroupMembership | undefined;
  readonly #fetches: FetchQueue;
  readonly #loops = new Map<string, PartitionLoop>();
  /** Loops of lost partitions, until their last read has ended. */
  readonly #ending = new Map<string, Promise<void>>();
  readonly #waiters = new Set<Waiter>();
  readonly #timers: NodeJS.Timeout[] = [];
  #stopping: Promise<void> | undefined;
  #forgetWakeUps: () => void = () => undefined;

  constructor(options: ConsumeOptions, surroundings: ConsumptionSurroundings) {
    this.#options = options;
    this.#surroundings = surroundings;
    const { group, topics } = options;
    this.#fetches = new FetchQueue(surroundings.fetch);
    this.#membership = group === null ? undefined : new GroupMembership(surroundings.sql, surroundings.presence, group, topics);
  }

  async start(): Promise<void> {
    this.#forgetWakeUps = this.#surroundings.wakeUps.onWake((subjects) => this.#woken(subjects));
    await this.#beat();
    this.#sayMembersChanged();
    await this.#surroundings.index.refresh();
    this.reconcile();
    this.#timers.push(setInterval(() => this.#tick(), TICK_MS).unref());
    if (this.#membership !== undefined)
      this.#timers.push(setInterval(() => void this.#beat().then(() => this.reconcile()), BEAT_MS).unref());
  }

  /** Starts and ends loops so that exactly the owned partitions of the existing topics are read; passes on what the index has seen. */
  reconcile(): void {
    if (this.#stopping !== undefined) return;
    const owned = new Map(this.#ownedPartitions());
    for (const [key, loop] of this.#loops) {
      const entry = owned.get(key);
      if (entry?.topic.uuid !== loop.topicId) this.#drop(key, loop);
    }
    for (const [key, { topic, partition }] of owned) {
      const loop = this.#loops.get(key) ?? this.#begin(key, topic, partition);
      loop.sawEnd(topic.bounds[partition]?.end ?? 0);
    }
    this.#settleWaiters();
  }

  health(): readonly PartitionHealth[] {
    return [...this.#loops.values()].map((loop) => loop.health);
  }

  async caughtUp(): Promise<void> {
    await this.#surroundings.index.refresh();
    this.reconcile();
    const goals = new Map([...this.#ownedPartitions()].map(([key, { topic, partition }]) => [key, topic.bounds[partition]?.end ?? 0]));
    await new Promise<void>((resolve, reject) => {
      this.#waiters.add({ goals, resolve, reject });
      this.#settleWaiters();
    });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#forgetWakeUps();
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#loops.values()].map((loop) => loop.end()));
    await Promise.all(this.#ending.values());
    this.#settleWaiters();
    this.#surroundings.onStop(this);
    await this.#leave();
  }

  /** Dead or alive, the others take over after the expiry: a failure here only delays them. */
  async #leave(): Promise<void> {
    try {
      await this.#membership?.leave();
      this.#sayMembersChanged();
    } catch (error) {
      this.#surroundings.log[failureLevel(error)](
        'A consumer could not say that it leaves; the others take over when its membership expires.',
        { error },
      );
    }
  }

  async #beat(): Promise<void> {
    try {
      await this.#membership?.beat();
    } catch (error) {
      this.#surroundings.log[failureLevel(error)]('A consumer could not say that it lives; it tries again.', {
        'labels.group': this.#options.group,
        error,
      });
    }
  }

  #sayMembersChanged(): void {
    if (this.#options.group !== null) this.#surroundings.wakeUps.announce([membersOf(this.#options.group)]);
  }

  #woken(subjects: readonly string[] | undefined): void {
    const { group } = this.#options;
    if (group !== null && (subjects === undefined || subjects.includes(membersOf(group)))) void this.#beat().then(() => this.reconcile());
    for (const loop of this.#loops.values()) {
      if (subjects === undefined) loop.claimAgain();
      else if (subjects.includes(loop.topic)) loop.wake();
    }
  }

  #tick(): void {
    for (const loop of this.#loops.values()) loop.tick();
  }

  #begin(key: string, topic: IndexedTopic, partition: number): PartitionLoop {
    const { reader, maxBatch = DEFAULT_BATCH } = this.#options;
    const { index, log } = this.#surroundings;
    const loop = new PartitionLoop(topic, partition, {
      reader,
      maxBatch,
      log,
      fetch: (request) => this.#fetches.fetch(request),
      bounds: async (wanted: TopicPartition) => {
        await index.refresh();
        return index.boundsOf(wanted);
      },
      onProgress: () => this.#settleWaiters(),
    });
    this.#loops.set(key, loop);
    loop.start(this.#ending.get(key) ?? Promise.resolve());
    return loop;
  }

  #drop(key: string, loop: PartitionLoop): void {
    this.#loops.delete(key);
    this.#options.reader.lost({ topic: loop.topic, partition: loop.partition });
    const earlier = this.#ending.get(key);
    const ended = Promise.all([earlier, loop.end()]).then(() => {
      if (this.#ending.get(key) === ended) this.#ending.delete(key);
    });
    this.#ending.set(key, ended);
  }

  *#ownedPartitions(): Iterable<[string, { topic: IndexedTopic; partition: number }]> {
    const { topics } = this.#options;
    for (const topic of this.#surroundings.index.topics) {
      if ('prefix' in topics ? !topic.name.startsWith(topics.prefix) : !topics.includes(topic.name)) continue;
      for (let partition = 0; partition < topic.bounds.length; partition += 1) {
        if (this.#membership?.owns({ topic: topic.name, partition }) === false) continue;
        yield [`${topic.name}/${partition}`, { topic, partition }];
      }
    }
  }

  #settleWaiters(): void {
    for (const waiter of this.#waiters) {
      const verdict = this.#verdictOn(waiter);
      if (verdict === 'waiting') continue;
      this.#waiters.delete(waiter);
      if (verdict === 'reached') waiter.resolve();
      else waiter.reject(verdict);
    }
  }

  #verdictOn({ goals }: Waiter): 'waiting' | 'reached' | Error {
    if (this.#stopping !== undefined) return new Error('The consumption was stopped before it had caught up.');
    let verdict: 'waiting' | 'reached' = 'reached';
    for (const [key, goal] of goals) {
      const loop = this.#loops.get(key); // none: it went to another member
      if (loop === undefined || loop.hasReached(goal)) continue;
      if (loop.health.stopped !== undefined) return new Error(loop.health.stopped);
      verdict = 'waiting';
    }
    return verdict;
  }
}
