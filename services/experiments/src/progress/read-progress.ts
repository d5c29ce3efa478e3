import { topicOf } from '@roofshot/contracts/events';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import type { Queryable } from '@roofshot/storage/sql';
import { EventTimes, leastKnown, readEventTimes } from './event-times.ts';
import type { Positions } from './positions.ts';

/** Event times, epoch milliseconds, before which everything is folded; null while that is not known of some task. */
export interface Progress {
  readonly answers: number | null;
  /** Of answers in experiments. */
  readonly exposures: number | null;
  readonly outcomes: number | null;
}

/** What the progress is asked for. */
export interface Watched {
  readonly deployment: string;
  /** Event types. */
  readonly outcomeTypes: readonly string[];
}

export async function readProgress(db: Queryable, positions: Positions): Promise<(watched: Watched) => Progress> {
  const marks = await readEventTimes(db);
  const times = new EventTimes(marks, await positions.partitions([...new Set(marks.map(({ topic }) => topic))]));
  return ({ deployment, outcomeTypes }) => {
    return {
      answers: times.reached(predictions.name, deployment),
      exposures: times.reached(exposures.name, deployment),
      outcomes: leastKnown(outcomeTypes.map((type) => times.reached(topicOf(type)))),
    };
  };
}
