import type { TopicPartition } from '@roofshot/messaging/events';
import { Signal } from '@roofshot/runtime/signal';
import type { ViewPosition } from './view-positions.ts';

/** The time of a partition, or of all: null while some part of it is not known. */
type Time = number | null;

export interface TaskProgress extends TopicPartition {
  /** The least position of the topic's views. */
  readonly position: number;
  /** Everything before it is applied, and was offered to the online store. */
  readonly progress: Time;
}

/** What was read of the positions, in the order of the looks. */
export interface Look {
  readonly order: number;
  readonly positions: readonly ViewPosition[];
}

/** How far the views have come, in memory, so that held requests are answered on a signal. */
export class ProgressBoard {
  readonly changed = new Signal();
  readonly #counts: (view: string) => boolean;
  #shown: Look = { order: 0, positions: [] };
  #looks: Promise<unknown> = Promise.resolve();
  #order = 0;

  /** `counts`: whether a view (by its state key) is one that answers. One that is only being computed holds nobody up. */
  constructor(counts: (view: string) => boolean = () => true) {
    this.#counts = counts;
  }

  /** One look after the other: each sees at least what those before it have seen, also on another connection. */
  look(read: () => Promise<readonly ViewPosition[]>): Promise<Look> {
    const look = this.#looks.then(async () => {
      const positions = await read();
      this.#order += 1;
      return { order: this.#order, positions };
    });
    this.#looks = look.catch(() => undefined); // whoever looked is told
    return look;
  }

  /** Unless a later look is shown already: whoever waits must not be told less than others before. */
  show(look: Look): void {
    if (look.order < this.#shown.order) return;
    this.#shown = look;
    this.changed.changed();
  }

  /** Each partition that views read, sorted. */
  tasks(): TaskProgress[] {
    const counted = this.#shown.positions.filter(({ view }) => this.#counts(view));
    const tasks = Map.groupBy(counted, ({ topic, partition }) => `${topic} ${partition}`);
    return [...tasks.values()].map(taskOf).sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  }

  /** The least progress over all tasks; null when one is not known, or there is none. */
  progress(): Time {
    const tasks = this.tasks();
    return tasks.length === 0 ? null : leastOf(tasks.map((task) => task.progress));
  }
}

function taskOf(views: readonly ViewPosition[]): TaskProgress {
  const { topic, partition } = views[0] as ViewPosition;
  return {
    topic,
    partition,
    position: Math.min(...views.map(({ nextOffset }) => nextOffset)),
    progress: leastOf(views.map(({ settled }) => settled)),
  };
}

/** What each view may claim in the online store: the least over its partitions. Views that may claim nothing yet are left out. */
export function onlineProgress(positions: readonly ViewPosition[]): Map<string, number> {
  const claims = new Map<string, number>();
  for (const [view, rows] of Map.groupBy(positions, ({ view }) => view)) {
    const least = leastOf(rows.map(({ online }) => online));
    if (least !== null) claims.set(view, least);
  }
  return claims;
}

function leastOf(times: readonly Time[]): Time {
  return times.reduce((least, time) => (least === null || time === null ? null : Math.min(least, time)), times[0] ?? null);
}
