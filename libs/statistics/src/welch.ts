import { studentSurvival, studentUpperQuantile } from './distributions.ts';
import { estimateEffect, type Arm, type EffectOptions } from './effect.ts';
import { DEFAULT_ALPHA, intervalAround, requireAlpha, signedZ, type Interval, type Side } from './interval.ts';

export interface WelchOptions extends EffectOptions {
  readonly side?: Side;
  /** One minus the coverage of the interval; 0.05 if not given. */
  readonly alpha?: number;
}

export interface WelchResult {
  readonly effect: number;
  readonly ci: Interval;
  /** Of the effect; with logScale, of ln(1 + effect). */
  readonly stdError: number;
  readonly pValue: number;
  readonly df: number;
}

/**
 * Welch's test of two arms with unequal variances (Welch 1947), for one look chosen beforehand.
 *
 * The relative effect has a symmetric delta-method interval, with the degrees of freedom of the absolute test; the p-value
 * belongs to the interval, so absolute and relative p-values differ a little. On the log scale the interval is that of
 * ln(treatment/control). Throws a `StatisticsError` where there is no answer (see `estimateEffect`).
 */
export function testWelch(control: Arm, treatment: Arm, options: WelchOptions = {}): WelchResult {
  const alpha = requireAlpha(options.alpha ?? DEFAULT_ALPHA);
  const side = options.side ?? 'two-sided';
  const tails = side === 'two-sided' ? 2 : 1;
  const effect = estimateEffect(control, treatment, options);
  const width = studentUpperQuantile(alpha / tails, effect.df) * effect.stdError;
  const pValue = tails * studentSurvival(signedZ(effect, side), effect.df);
  return { effect: effect.effect, ci: intervalAround(effect, width, side), stdError: effect.stdError, pValue, df: effect.df };
}
