import { requireUnits, type Arm } from './effect.ts';
import { requireFinite } from './errors.ts';
import { addTerm, distance, type Precise } from './exact.ts';
import { mergePairMoments, preciseMean, type Moments, type PairMoments } from './moments.ts';

export interface CupedOptions {
  /** Fixed beforehand; estimated from both arms if null or not given. */
  readonly theta?: number | null;
  /** A proportion's variance is p(1 - p), a mean's has n - 1; `mean` if not given. */
  readonly outcomeType?: ColumnType;
  readonly covariateType?: ColumnType;
}

type ColumnType = 'mean' | 'proportion';

export interface AdjustedArms {
  readonly control: Arm;
  readonly treatment: Arm;
  readonly theta: number;
  /** 1 - (variance of the adjusted difference)/(variance of the plain one); negative only for a badly fixed theta. */
  readonly varianceReduction: number;
}

/**
 * CUPED (Deng et al. 2013): compares y - theta (x - mean of x) in place of y, for a covariate x known before the exposure.
 * The effect stays unbiased and its variance falls by up to the squared correlation; give the arms to any test.
 *
 * theta = cov(y, x)/var(x) of both arms pooled as one sample; 0, and so no adjustment, where the covariate is constant.
 * The adjusted variance is a difference: its relative rounding error grows as 1/(1 - squared correlation), from about 1e-15.
 * Means and variances of a relative effect stay relative to the observed control mean.
 */
export function adjustForCovariate(control: PairMoments, treatment: PairMoments, options: CupedOptions = {}): AdjustedArms {
  const theta = options.theta ?? pooledTheta(control, treatment, options);
  requireFinite(theta, 'theta');
  const centre = preciseMean(mergePairMoments(control, treatment).covariate);
  const arms = [control, treatment].map((pair) => adjustedArm(pair, { ...options, theta, centre })) as [AdjustedPart, AdjustedPart];
  const [c, t] = arms;
  const plain = c.plainVariance / c.arm.n + t.plainVariance / t.arm.n;
  const adjusted = c.arm.variance / c.arm.n + t.arm.variance / t.arm.n;
  return { control: c.arm, treatment: t.arm, theta, varianceReduction: plain > 0 ? 1 - adjusted / plain : 0 };
}

function pooledTheta(control: PairMoments, treatment: PairMoments, options: CupedOptions): number {
  const pooled = mergePairMoments(control, treatment);
  const covariance = pooled.cross / (pooled.n - 1);
  const variance = columnVariance(pooled.covariate, options.covariateType);
  return variance > 0 ? covariance / variance : 0;
}

function columnVariance(moments: Moments, type: ColumnType = 'mean'): number {
  return moments.m2 / (type === 'proportion' ? moments.n : moments.n - 1);
}

interface AdjustedPart {
  readonly arm: Arm;
  readonly plainVariance: number;
}

function adjustedArm(pair: PairMoments, options: CupedOptions & { readonly theta: number; readonly centre: Precise }): AdjustedPart {
  requireUnits(pair.n);
  const { theta, centre } = options;
  const plainVariance = columnVariance(pair.outcome, options.outcomeType);
  const covariance = pair.cross / (pair.n - 1);
  const variance = plainVariance + theta * (theta * columnVariance(pair.covariate, options.covariateType) - 2 * covariance);
  const adjustment = -theta * distance(preciseMean(pair.covariate), centre);
  const { value: mean, rest: meanRest } = addTerm(preciseMean(pair.outcome), adjustment);
  return { plainVariance, arm: { n: pair.n, mean, meanRest, variance: Math.max(0, variance), observedMean: pair.outcome.mean } };
}
