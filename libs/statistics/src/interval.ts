import { StatisticsError } from './errors.ts';

/** The alternative: an effect of either sign, below zero, or above zero. All effects are treatment - control. */
export type Side = 'two-sided' | 'less' | 'greater';

/** An end that is not bounded is null. */
export type Interval = readonly [low: number | null, high: number | null];

export const DEFAULT_ALPHA = 0.05;

/** `most` is what the error probability stays below; 1, or 1/2 where it is doubled. */
export function requireAlpha(alpha: number, most = 1): number {
  if (alpha > 0 && alpha < most) return alpha;
  throw new StatisticsError('invalid-option', `alpha is ${alpha}, but it has to be above 0 and below ${most}; 0.05 is usual.`);
}

/** What a one-sided alternative leaves of [estimate - width, estimate + width], back on the scale of the effect. */
export function intervalAround(
  effect: { readonly estimate: number; readonly toEffect: (estimate: number) => number },
  width: number,
  side: Side,
): Interval {
  const low = side === 'less' ? null : boundedEnd(effect.toEffect(effect.estimate - width));
  const high = side === 'greater' ? null : boundedEnd(effect.toEffect(effect.estimate + width));
  return [low, high];
}

/** An end beyond double precision is no bound. */
function boundedEnd(end: number): number | null {
  return Number.isFinite(end) ? end : null;
}

/** The estimate in standard errors, with its sign turned so that positive speaks for a one-sided alternative. */
export function signedZ(effect: { readonly estimate: number; readonly stdError: number }, side: Side): number {
  const z = effect.estimate / effect.stdError;
  if (side === 'two-sided') return Math.abs(z);
  return side === 'less' ? -z : z;
}
