import type { CloudEvent } from '@roofshot/contracts/envelope';
import type { ViewEvent } from '@roofshot/feature-defs/event-scope';
import { Watermark } from '@roofshot/feature-defs/lateness';
import { addEvent, emptySeries } from '@roofshot/feature-defs/tiles';
import type { Contribution, ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { Received } from '@roofshot/messaging/handlers';
import type { SeriesDelta } from './series-store.ts';

/** An event with its place in its partition. */
export interface LogEvent extends ViewEvent {
  readonly offset: number;
  /** Only its times are left: it counts for nothing, but others behind it are as late as they were. */
  readonly isErased?: boolean;
}

/** An event as plans need it. */
export function toLogEvent({ id, data, subject, time, knowntime, position }: Received<CloudEvent>): LogEvent {
  return { id, data, subject, time: Date.parse(time), knownTime: Date.parse(knowntime), offset: position.offset };
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

/** An event that met an expression of the wrong type: it counts for nothing in the view. */
export interface ParkedEvent {
  readonly event: LogEvent;
  readonly reason: string;
}

/** An event that came later than the view allows, and the newest event time before it. */
export interface LateEvent {
  readonly event: LogEvent;
  readonly newest: number;
}

/** What some events are to a view. */
export interface ViewFold {
  readonly plan: ViewPlan;
  readonly deltas: readonly SeriesDelta[];
  readonly parked: readonly ParkedEvent[];
  readonly late: readonly LateEvent[];
  /** Where the watermark stands behind them. */
  readonly newest: number;
}

export interface FoldPlace {
  /** The shard of the entity "everything". */
  readonly partition: number;
  /** Where the view's watermark stands before the events. */
  readonly newest?: number;
}

/**
 * What the events add to a view, one delta per touched series. Pure. The events are of one partition, in the order of the log; nothing but
 * lateness depends on it.
 */
export function foldView(plan: ViewPlan, events: readonly LogEvent[], { partition, newest = -Infinity }: FoldPlace): ViewFold {
  const deltas = new Map<string, SeriesDelta>();
  const parked: ParkedEvent[] = [];
  const late: LateEvent[] = [];
  const watermark = plan.lateness && new Watermark(plan.lateness, newest);
  for (const event of events) {
    const before = watermark?.newest ?? newest;
    const isLate = watermark?.isLate(event) ?? false;
    if (event.isErased === true) continue;
    if (isLate) {
      late.push({ event, newest: before });
      if (plan.lateness?.policy !== 'update') continue;
    }
    const contribution = contributionOrParked(plan, event, parked);
    if (contribution !== undefined) addEvent(deltaOf(deltas, plan, contribution.entity, partition).delta, contribution);
  }
  return { plan, deltas: [...deltas.values()], parked, late, newest: watermark?.newest ?? newest };
}

function contributionOrParked(plan: ViewPlan, event: LogEvent, parked: ParkedEvent[]): Contribution | undefined {
  const faults = new Set<string>();
  const contribution = plan.contributionOf(event, (message) => faults.add(message));
  if (faults.size > 0) parked.push({ event, reason: [...faults].join('; ') });
  return contribution;
}

function deltaOf(deltas: Map<string, SeriesDelta>, plan: ViewPlan, entity: string, partition: number): SeriesDelta {
  let delta = deltas.get(entity);
  if (delta === undefined) {
    const shard = plan.entityKeys.length === 0 ? partition : 0;
    delta = { view: plan.stateKey, entity, shard, plan, delta: emptySeries(plan.layout) };
    deltas.set(entity, delta);
  }
  return delta;
}
