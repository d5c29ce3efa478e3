import { distance } from './exact.ts';
import { preciseMean, type Moments } from './moments.ts';
import { requireFinite, StatisticsError } from './errors.ts';

/** What a test needs to know of one arm; `meanArm`, `proportionArm` and `adjustForCovariate` make it. */
export interface Arm {
  readonly n: number;
  /** The mean that is compared; adjusted where there is a covariate. */
  readonly mean: number;
  /** What rounding took away from it; 0 if not given. See `Moments`. */
  readonly meanRest?: number;
  /** Variance of one unit, not of the mean. */
  readonly variance: number;
  /** The mean as observed: what a relative effect is relative to. */
  readonly observedMean: number;
}

export interface EffectOptions {
  /** `relative` (the default): (treatment - control) / |control|. */
  readonly differenceType?: 'relative' | 'absolute';
  /** The interval of a relative effect from the logarithm of the ratio: not symmetric, never below -100 %. */
  readonly logScale?: boolean;
}

/** An effect on the scale on which it is nearly normal, and the way back from there. */
export interface Effect {
  readonly effect: number;
  readonly stdError: number;
  /** Welch-Satterthwaite degrees of freedom of the absolute difference. */
  readonly df: number;
  /** Where the normal approximation is made: the effect itself, or ln(1 + effect) on the log scale. `stdError` is on this scale. */
  readonly estimate: number;
  readonly toEffect: (estimate: number) => number;
}

/** A mean or a count per unit: variance m2/(n - 1). */
export function meanArm(moments: Moments): Arm {
  const { n, mean, meanRest = 0, m2 } = moments;
  requireUnits(n);
  return { n, mean, meanRest, variance: m2 / (n - 1), observedMean: mean };
}

/** A share of units: variance p(1 - p), without n - 1. */
export function proportionArm({ n, sum }: { readonly n: number; readonly sum: number }): Arm {
  requireUnits(n);
  if (!(sum >= 0 && sum <= n)) {
    throw new StatisticsError('impossible-moments', `A share of ${n} units counts between 0 and ${n} of them, but ${sum} are given.`);
  }
  const mean = sum / n;
  return { n, mean, variance: mean * (1 - mean), observedMean: mean };
}

/** A variance needs two units. */
export function requireUnits(n: number, where = 'An arm'): void {
  if (Number.isFinite(n) && n >= 2) return;
  throw new StatisticsError('too-few-units', `${where} with n = ${n} has no variance, which needs at least 2. Wait for more outcomes.`);
}

function requireArm(arm: Arm, name: string): void {
  requireUnits(arm.n);
  requireFinite(arm.mean, `the mean of the ${name}`);
  requireFinite(arm.observedMean, `the observed mean of the ${name}`);
  requireFinite(arm.variance, `the variance of the ${name}`);
  if (arm.variance > 0) return;
  throw new StatisticsError(
    'zero-variance',
    `All ${arm.n} units of the ${name} have the same value, so there is no error to measure an effect against.`,
  );
}

/**
 * The difference treatment - control with its standard error.
 *
 * Absolute: se^2 = v1/n1 + v0/n0. Relative, by the delta method with m1, m0 the observed means:
 * se^2 = v1/(n1 m0^2) + v0 m1^2/(n0 m0^4). Log scale: v1/(n1 m1^2) + v0/(n0 m0^2) for ln(m1/m0).
 *
 * Throws `too-few-units` (n < 2), `zero-variance` (either arm constant), `baseline-not-positive` (a relative effect of a
 * control mean <= 0, or of a treatment mean <= 0 on the log scale), `out-of-range` (beyond double precision).
 */
export function estimateEffect(control: Arm, treatment: Arm, options: EffectOptions = {}): Effect {
  requireArm(control, 'control');
  requireArm(treatment, 'treatment');
  const relative = (options.differenceType ?? 'relative') === 'relative';
  if (options.logScale && !relative) {
    throw new StatisticsError(
      'invalid-option',
      'A log scale is for relative effects; leave logScale out or ask for differenceType relative.',
    );
  }
  const c = control.variance / control.n;
  const t = treatment.variance / treatment.n;
  const df = (c + t) ** 2 / (c ** 2 / (control.n - 1) + t ** 2 / (treatment.n - 1));
  const scaled = relative ? relativeEffect(control, treatment, options.logScale ?? false) : absoluteEffect(control, treatment);
  return requireRepresentable({ ...scaled, df });
}

type ScaledEffect = Omit<Effect, 'df'>;

function absoluteEffect(control: Arm, treatment: Arm): ScaledEffect {
  const effect = distance(preciseMean(treatment), preciseMean(control));
  const stdError = Math.sqrt(treatment.variance / treatment.n + control.variance / control.n);
  return { effect, estimate: effect, stdError, toEffect: (estimate) => estimate };
}

function relativeEffect(control: Arm, treatment: Arm, logScale: boolean): ScaledEffect {
  const baseline = requireBaseline(control.observedMean, 'control');
  const effect = distance(preciseMean(treatment), preciseMean(control)) / baseline;
  const ratio = treatment.observedMean / baseline;
  const controlPart = control.variance / control.n / baseline ** 2;
  const treatmentPart = treatment.variance / treatment.n / baseline ** 2;
  if (!logScale)
    return { effect, estimate: effect, stdError: Math.sqrt(treatmentPart + controlPart * ratio ** 2), toEffect: (estimate) => estimate };
  requireBaseline(treatment.observedMean, 'treatment');
  requireBaseline(1 + effect, 'adjusted treatment');
  return { effect, estimate: Math.log1p(effect), stdError: Math.sqrt(treatmentPart / ratio ** 2 + controlPart), toEffect: Math.expm1 };
}

function requireBaseline(mean: number, name: string): number {
  if (mean > 0) return mean;
  throw new StatisticsError(
    'baseline-not-positive',
    `The mean of the ${name} is ${mean}, and a relative effect needs one above 0. Ask for differenceType absolute.`,
  );
}

function requireRepresentable(effect: Effect): Effect {
  const numbers = [effect.effect, effect.estimate, effect.stdError, effect.df];
  if (numbers.every(Number.isFinite) && effect.stdError > 0) return effect;
  throw new StatisticsError('out-of-range', 'The values are too large or too small for double precision; measure in another unit.');
}
