/** How far the service has read the log: for whoever must not go on before it has, and for facts that must not overtake their causes. */
import { acceptedEvents } from '@roofshot/contracts/events';
import { deployments } from '@roofshot/contracts/deployments';
import { modelVersions } from '@roofshot/contracts/models';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import type { EventBus } from '@roofshot/messaging/events';
import { TryAgain, type Tx } from '@roofshot/messaging/handlers';
import type { Queryable } from '@roofshot/storage/sql';

export interface End {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

export class Positions {
  readonly #events: EventBus;
  readonly #group: string;
  readonly #partitions = new Map<string, number>();

  /** `group`: the service's name. */
  constructor(events: EventBus, group: string) {
    this.#events = events;
    this.#group = group;
  }

  /** The ends of everything that the service reads, as they are now. */
  async ends(): Promise<readonly End[]> {
    const families = await this.#events.listTopics(acceptedEvents.prefix);
    return this.endsOf([exposures.name, predictions.name, modelVersions.name, deployments.name, ...families]);
  }

  async endsOf(topics: readonly string[]): Promise<readonly End[]> {
    return (await Promise.all(topics.map((topic) => this.#events.bounds(topic)))).flat();
  }

  /** Records before these ends that have not been folded. */
  async lag(db: Queryable, ends: readonly End[]): Promise<number> {
    const rows = await db.query<{ topic: string; partition: number; position: number }>(
      'SELECT topic, partition, next_offset AS position FROM experiments.checkpoints WHERE consumer_group = $1',
      [this.#group],
    );
    const positions = new Map(rows.map(({ topic, partition, position }) => [`${topic}/${partition}`, position]));
    return ends.reduce(
      (lag, { topic, partition, start, end }) => lag + Math.max(0, end - (positions.get(`${topic}/${partition}`) ?? start)),
      0,
    );
  }

  /** The latest time that control records have said in a partition, of those that are folded. Epoch milliseconds. */
  async said(db: Queryable, { topic, partition }: Pick<End, 'topic' | 'partition'>): Promise<number | undefined> {
    const [row] = await db.query<{ progress: Date | null }>(
      'SELECT progress FROM experiments.checkpoints WHERE consumer_group = $1 AND topic = $2 AND partition = $3',
      [this.#group, topic, partition],
    );
    return row?.progress?.getTime();
  }

  /** Throws `TryAgain` while the registry has said something that is not folded yet: a fact may be its consequence. */
  async requireModelsFolded(tx: Tx): Promise<void> {
    const lag = await this.lag(tx, await this.endsOf([modelVersions.name]));
    if (lag > 0) throw new TryAgain(`${lag} records of ${modelVersions.name} are read first: what was heard may follow from them.`);
  }

  /** How many partitions the topics have; asked once, since it never changes. Topics that do not exist yet are left out. */
  async partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    for (const topic of topics) {
      if (this.#partitions.has(topic)) continue;
      const bounds = await this.#events.bounds(topic);
      if (bounds.length > 0) this.#partitions.set(topic, bounds.length);
    }
    return this.#partitions;
  }
}
