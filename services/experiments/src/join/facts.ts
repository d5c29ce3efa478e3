/** What becomes known about one unit, in any order. Times are event times in epoch milliseconds, none later than it was known. */
import type { CloudEvent } from '@roofshot/contracts/envelope';

/** An answer that the variant influenced has left. */
export interface Exposure {
  readonly kind: 'exposure';
  readonly at: number;
  /** The prediction's id. */
  readonly id: string;
  readonly variant: string;
}

export interface Answer {
  readonly kind: 'answer';
  readonly at: number;
  readonly id: string;
  readonly decision: string;
  readonly score: number;
  readonly degraded: boolean;
  /** The first metric's covariate; null where the features do not tell. */
  readonly covariate: number | null;
}

/** What a shadow would have answered to the same question. */
export interface ShadowAnswer {
  readonly kind: 'shadow';
  readonly at: number;
  readonly id: string;
  readonly version: number;
  readonly decision: string;
  readonly score: number;
}

export interface OutcomeFact {
  readonly kind: 'outcome';
  readonly at: number;
  /** Source and id of the event. */
  readonly id: string;
  readonly metric: string;
  /** What the metric reads of it. */
  readonly data: unknown;
}

export type Fact = Exposure | Answer | ShadowAnswer | OutcomeFact;

/**
 * When it happened. A clock that runs ahead tells of times that have not come; nothing can be known before it happens, so then it
 * happened when it was known. Else one such event would be taken for progress, and everything until then for looked at.
 */
export function happenedAt({ time, knowntime }: Pick<CloudEvent, 'time' | 'knowntime'>): number {
  return Math.min(Date.parse(time), Date.parse(knowntime));
}

export interface Timed {
  readonly at: number;
  readonly id: string;
}

/** The order in which things happened; ids decide between simultaneous ones, so that every reader agrees. */
export const isBefore = (a: Timed, b: Timed): boolean => a.at < b.at || (a.at === b.at && a.id < b.id);
