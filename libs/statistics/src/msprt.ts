import { estimateEffect, type Arm, type EffectOptions } from './effect.ts';
import { requirePositive } from './errors.ts';
import { DEFAULT_ALPHA, intervalAround, requireAlpha, type Interval } from './interval.ts';
import { previousPValue } from './sequential.ts';

export interface MsprtOptions extends EffectOptions {
  /** Variance of the normal prior of the effect under the alternative, on the scale of the effect: the square of an effect worth finding. */
  readonly tau2: number;
  readonly alpha?: number;
  /** The p-value of the look before: an always-valid p-value never rises again. */
  readonly previousPValue?: number;
}

export interface MsprtResult {
  readonly effect: number;
  readonly ci: Interval;
  readonly stdError: number;
  /** min(1, 1/likelihood ratio), running if the look before is given. */
  readonly pValue: number;
  /** ln of the mixture likelihood ratio: large values speak for an effect. */
  readonly logLikelihoodRatio: number;
}

/**
 * The mixture sequential probability ratio test (Robbins 1970; Johari, Pekelis & Walsh 2017), two-sided. With V = se^2
 * and difference d: ratio = sqrt(V/(V + tau2)) exp(d^2 tau2/(2 V (V + tau2))); the interval holds the differences whose
 * ratio stays below 1/alpha. Throws as `estimateEffect` does where there is no answer.
 */
export function testMsprt(control: Arm, treatment: Arm, options: MsprtOptions): MsprtResult {
  requirePositive(options.tau2, 'tau2');
  const alpha = requireAlpha(options.alpha ?? DEFAULT_ALPHA);
  const effect = estimateEffect(control, treatment, options);
  const z = effect.estimate / effect.stdError;
  // tau2 in units of V, so that neither square can underflow.
  const r = options.tau2 / effect.stdError / effect.stdError;
  const logLikelihoodRatio = (z * z * r) / (2 * (1 + r)) - Math.log1p(r) / 2;
  const width = effect.stdError * Math.sqrt(((1 + r) / r) * (Math.log1p(r) - 2 * Math.log(alpha)));
  const pValue = Math.min(1, Math.exp(-logLikelihoodRatio), previousPValue(options));
  return { effect: effect.effect, ci: intervalAround(effect, width, 'two-sided'), stdError: effect.stdError, pValue, logLikelihoodRatio };
}
