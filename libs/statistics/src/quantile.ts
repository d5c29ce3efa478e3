import { StatisticsError } from './errors.ts';

/** A tail probability at a coordinate u and its derivative there, either of which may be on any scale of u. */
export interface TailPoint {
  readonly tail: number;
  readonly slope: number;
}

/** Newton's steps on a log-concave tail converge from anywhere; the bound only guards against rounding at the very end. */
const MOST_STEPS = 200;
/** The next step would be below rounding, because each squares the one before. */
const SMALL_STEP = 1e-10;

/**
 * The u at which `tailAt(u)` has the value `target`, by Newton's method on the logarithm of the tail, which is nearly
 * straight far out: precise to rounding in relative terms for targets as small as 1e-300. The tail must be log-concave in u.
 */
export function solveTail(tailAt: (u: number) => TailPoint, target: number, guess: number): number {
  const logTarget = Math.log(target);
  let u = guess;
  let inside = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { tail, slope } = tailAt(u);
    // A step too far lands where the tail underflows: go half the way back.
    const change = tail > 0 ? ((logTarget - Math.log(tail)) * tail) / slope : (inside - u) / 2;
    if (tail > 0) inside = u;
    u += change;
    if (Math.abs(change) <= SMALL_STEP * (1 + Math.abs(u))) return u;
  }
  throw new StatisticsError('out-of-range', `The quantile for a probability of ${target} is beyond what double precision can find.`);
}
