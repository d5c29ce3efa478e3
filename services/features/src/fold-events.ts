import type { CloudEvent } from '@roofshot/contracts/envelope';
import { addEvent, emptySeries } from '@roofshot/feature-defs/tiles';
import type { Report } from '@roofshot/feature-defs/expressions';
import type { ViewEvent } from '@roofshot/feature-defs/event-scope';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import { metrics } from './metrics.ts';
import type { SeriesDelta } from './series-store.ts';

/** Hears of each value that had the wrong type, by the view's name. */
export type ReportFault = (view: string, message: string) => void;

export const countFault: ReportFault = (view) => metrics['values.refused'](1, { view });

/** An event as plans need it. */
export function toViewEvent({ id, data, subject, time, knowntime }: CloudEvent): ViewEvent {
  return { id, data, subject, time: Date.parse(time), knownTime: Date.parse(knowntime) };
}

/** The greatest of some times; those that cannot be read (a leap second) are left out. Null when there is none. */
export function greatestTime(times: readonly number[]): number | null {
  return times.reduce<number | null>((greatest, time) => (Number.isNaN(time) ? greatest : Math.max(greatest ?? time, time)), null);
}

/**
 * Up to when everything of a live stream was read, with these events: known times rise along the log, but the last of them may be that
 * of more events. Epoch milliseconds; null when there is none.
 */
export function knownBefore(events: readonly Pick<ViewEvent, 'knownTime'>[]): number | null {
  const last = greatestTime(events.map(({ knownTime }) => knownTime));
  return last === null ? null : last - 1;
}

/**
 * What the events add, one delta per touched series. Pure; the order of the events does not matter.
 * `partition`: the shard of the entity "everything".
 */
export function foldEvents(
  plans: readonly ViewPlan[],
  events: readonly ViewEvent[],
  partition: number,
  report: ReportFault,
): SeriesDelta[] {
  return plans.flatMap((plan) => [...foldView(plan, events, partition, (message) => report(plan.name, message)).values()]);
}

function foldView(plan: ViewPlan, events: readonly ViewEvent[], partition: number, report: Report): Map<string, SeriesDelta> {
  const deltas = new Map<string, SeriesDelta>();
  const shard = plan.entityKeys.length === 0 ? partition : 0;
  for (const event of events) {
    const contribution = plan.contributionOf(event, report);
    if (contribution === undefined) continue;
    const { entity } = contribution;
    let delta = deltas.get(entity);
    if (delta === undefined) {
      delta = { view: plan.stateKey, entity, shard, plan, delta: emptySeries(plan.layout) };
      deltas.set(entity, delta);
    }
    addEvent(delta.delta, contribution);
  }
  return deltas;
}
