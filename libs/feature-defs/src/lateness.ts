/** Late events: judged against the records before them in their own partition, so that every reader of the log judges alike. */
import type { FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { ViewEvent } from './event-scope.ts';
import { durationMs } from './windows.ts';

export interface LatenessPlan {
  readonly allowedMs: number;
  readonly policy: NonNullable<FeatureViewSpec['lateness']>['policy'];
}

export function compileLateness({ lateness }: FeatureViewSpec): LatenessPlan | undefined {
  return lateness && { allowedMs: durationMs(lateness.allowed), policy: lateness.policy };
}

/** Judges the events of one partition in the order of the log. */
export class Watermark {
  readonly #allowedMs: number;
  /** The greatest min(event time, known time) so far; −Infinity before the first event. */
  newest: number;

  constructor({ allowedMs }: Pick<LatenessPlan, 'allowedMs'>, newest = -Infinity) {
    this.#allowedMs = allowedMs;
    this.newest = newest;
  }

  /** Whether the event is late; it counts for those behind it. An event dated in the future of its acceptance makes no other late. */
  isLate({ time, knownTime }: Pick<ViewEvent, 'time' | 'knownTime'>): boolean {
    const isLate = time < this.newest - this.#allowedMs;
    const moment = Math.min(time, knownTime);
    if (moment > this.newest) this.newest = moment;
    return isLate;
  }
}
