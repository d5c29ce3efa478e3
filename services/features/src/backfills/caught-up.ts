import { topicOf } from '@roofshot/contracts/events';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { EventBus } from '@roofshot/messaging/events';
import type { Queryable } from '@roofshot/storage/sql';
import { livePosition, readPositions } from '../view-positions.ts';

export interface Distance {
  /** Records that the view has folded, over all partitions. */
  readonly position: number;
  /** Records that there are. */
  readonly end: number;
  /** It stands where the service stands, and the online store has its rows. */
  readonly isMet: boolean;
}

/** How far a view is behind the log and the service. `group`: the service's consumer group. */
export async function distanceOf(db: Queryable, events: Pick<EventBus, 'bounds'>, group: string, plan: ViewPlan): Promise<Distance> {
  const positions = await readPositions(db, [plan.stateKey]);
  const tasks = await Promise.all(
    (await events.bounds(topicOf(plan.eventType))).map(async (task) => {
      const held = positions.find(({ partition }) => partition === task.partition);
      const live = await livePosition(db, group, task);
      const isEmpty = task.start === task.end;
      const isMet =
        held !== undefined && (isEmpty || (live !== undefined && held.nextOffset >= live && held.onlineOffset >= held.nextOffset));
      return { position: (held?.nextOffset ?? task.start) - task.start, end: task.end - task.start, isMet };
    }),
  );
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    position: sum(tasks.map(({ position }) => position)),
    end: sum(tasks.map(({ end }) => end)),
    isMet: tasks.every(({ isMet }) => isMet),
  };
}
