import { estimateEffect, type Arm, type EffectOptions } from './effect.ts';
import { requirePositive, requireProbability, StatisticsError } from './errors.ts';
import { DEFAULT_ALPHA, intervalAround, requireAlpha, signedZ, type Interval, type Side } from './interval.ts';

export interface SequenceOptions {
  readonly side?: Side;
  /** The probability that the interval ever, at any look, leaves out the truth. 0.05 if not given. */
  readonly alpha?: number;
  /** The number of units at which the interval is to be tightest; 5000 if not given. Fixed before the first look. */
  readonly tuningParameter?: number;
  /** The mixture's scale itself, in place of the tuning parameter. */
  readonly rho?: number;
  /** The p-value of the look before: an always-valid p-value never rises again. */
  readonly previousPValue?: number;
}

export interface SequentialOptions extends SequenceOptions, EffectOptions {}

export interface SequenceResult {
  readonly effect: number;
  readonly ci: Interval;
  /** Of the effect; with logScale, of ln(1 + effect). */
  readonly stdError: number;
  /** Valid at every look, however often one looks and whenever one stops. */
  readonly pValue: number;
  readonly rho: number;
}

/** Good for experiments of some thousand units; tighter at other sizes with another value. The customary choice. */
export const DEFAULT_TUNING_PARAMETER = 5000;

/**
 * The scale at which the interval is nearly tightest after `tuningParameter` units:
 * rho = sqrt((-2 ln a + ln(-2 ln a + 1))/N*), a = alpha, or 2 alpha for a one-sided sequence (Waudby-Smith et al. 2021).
 */
export function tuneRho(alpha: number, side: Side = 'two-sided', tuningParameter: number = DEFAULT_TUNING_PARAMETER): number {
  requirePositive(tuningParameter, 'the tuning parameter');
  const logs = -2 * Math.log(side === 'two-sided' ? requireAlpha(alpha) : 2 * requireAlpha(alpha, 0.5));
  return Math.sqrt((logs + Math.log1p(logs)) / tuningParameter);
}

/** An estimate whose standard error shrinks as units arrive. */
export interface SequencePoint {
  readonly effect: number;
  readonly estimate: number;
  readonly stdError: number;
  readonly toEffect: (estimate: number) => number;
}

/**
 * One look at an asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021) after n units.
 *
 * With v = n rho^2 and z = estimate/se, two-sided: half-width se sqrt(2 (v+1)/v ln(sqrt(v+1)/alpha)), e-value
 * exp(v z^2/(2(v+1)))/sqrt(v+1). One-sided: ln(1 + sqrt(v+1)/(2 alpha)) in place of the logarithm, and the e-value that
 * inverts it, 2 (exp(v z^2/(2(v+1))) - 1)/sqrt(v+1), which is below the half-normal mixture and so never too small a p-value.
 * The p-value is 1/e-value: it is at most alpha exactly where the interval leaves out 0.
 *
 * The guarantee is asymptotic: it holds as if the standard error were known, which takes some dozens of units.
 */
export function lookAtSequence(point: SequencePoint, n: number, options: SequenceOptions = {}): SequenceResult {
  const side = options.side ?? 'two-sided';
  const alpha = requireAlpha(options.alpha ?? DEFAULT_ALPHA, side === 'two-sided' ? 1 : 0.5);
  const rho = options.rho ?? tuneRho(alpha, side, options.tuningParameter);
  requirePositive(rho, 'rho');
  const v = n * rho * rho;
  const logarithm = side === 'two-sided' ? Math.log(Math.sqrt(v + 1) / alpha) : Math.log1p(Math.sqrt(v + 1) / (2 * alpha));
  const width = point.stdError * Math.sqrt(2 * ((v + 1) / v) * logarithm);
  if (!Number.isFinite(width))
    throw new StatisticsError('out-of-range', `The interval is too wide for double precision: rho is ${rho} at ${n} units.`);
  const pValue = Math.min(sequencePValue(signedZ(point, side), v, side), previousPValue(options));
  return { effect: point.effect, ci: intervalAround(point, width, side), stdError: point.stdError, pValue, rho };
}

function sequencePValue(z: number, v: number, side: Side): number {
  const exponent = (v * z * z) / (2 * (v + 1));
  if (side === 'two-sided') return Math.min(1, Math.sqrt(v + 1) * Math.exp(-exponent));
  return z <= 0 ? 1 : Math.min(1, Math.sqrt(v + 1) / (2 * Math.expm1(exponent)));
}

/** 1 where there was no look before. */
export function previousPValue({ previousPValue: previous = 1 }: { readonly previousPValue?: number }): number {
  requireProbability(previous, 'the previous p-value');
  return previous;
}

/**
 * The two-arm test that may be looked at continuously, for absolute and relative effects, over n = n of both arms.
 * Throws as `estimateEffect` does where there is no answer.
 */
export function testSequentially(control: Arm, treatment: Arm, options: SequentialOptions = {}): SequenceResult {
  return lookAtSequence(estimateEffect(control, treatment, options), control.n + treatment.n, options);
}
