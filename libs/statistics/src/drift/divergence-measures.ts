import { chiSquareSurvival } from '../distributions.ts';
import { mergeSparse, sizesOf, type Cells, type Sizes } from './cells.ts';
import {
  CHI_SQUARE,
  chiSquareStatistic,
  JENSEN_SHANNON,
  jensenShannonDistance,
  populationStabilityIndex,
  PSI,
  sharesOf,
  divergenceOf,
  type Divergence,
  type Shares,
} from './divergence.ts';
import { DRIFT_ALPHA, effectiveSize, type Measured } from './measured.ts';
import { leastNoncentrality } from './noncentral.ts';

const sum = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0);

/** The variance of the derivative by p over one observation of p. */
function slopeVariance(divergence: Divergence, shares: readonly Shares[]): number {
  const met = shares.filter(({ p }) => p > 0).map(({ p, q }) => ({ p, slope: divergence.slope(p, q) }));
  const mean = sum(met.map(({ p, slope }) => p * slope));
  return sum(met.map(({ p, slope }) => p * (slope - mean) ** 2));
}

/**
 * How many times the variance is that of a noncentral chi-square variable, by the delta method; at least 1. Cells whose share
 * changed by a factor are noisier than near-equal ones.
 */
function overdispersion(divergence: Divergence, shares: readonly Shares[], [n, m]: Sizes): number {
  const swapped = shares.map(({ p, q }) => ({ p: q, q: p }));
  const variance = slopeVariance(divergence, shares) / n + slopeVariance(divergence, swapped) / m;
  const near = (4 * divergenceOf(divergence, shares)) / divergence.scale / effectiveSize([n, m]);
  return near > 0 ? Math.max(1, variance / near) : 1;
}

interface Evidence {
  readonly df: number;
  /** Chi-square distributed where nothing drifts. */
  readonly x: number;
  /** Of the divergence, less what chance adds on average. */
  readonly effect: number;
  readonly atLeast: number;
}

/** Over cells put together until the chi-square distribution holds (see `mergeSparse`); nothing can be said of a single one. */
function evidenceOf(divergence: Divergence, merged: Cells, alpha: number): Evidence {
  const sizes = sizesOf(merged);
  const shares = sharesOf(merged, sizes, divergence.unmet);
  const df = shares.length - 1;
  if (df === 0) return { df, x: 0, effect: 0, atLeast: 0 };
  const unit = divergence.scale * effectiveSize(sizes);
  const x = unit * divergenceOf(divergence, shares);
  const noise = overdispersion(divergence, shares, sizes);
  const atLeast = (noise * leastNoncentrality(x / noise, df, alpha)) / unit;
  return { df, x, effect: Math.max(0, x - df) / unit, atLeast };
}

const survival = (x: number, df: number): number => (df === 0 ? 1 : chiSquareSurvival(x, df));

/**
 * PSI with its evidence. Without drift it is (1/n + 1/m) times a chi-square variable (Yurdakul 2018, "Statistical Properties of
 * Population Stability Index", section 3.1), whose mean is taken off the effect.
 */
export function measurePsi(cells: Cells, alpha: number = DRIFT_ALPHA): Measured {
  const { effect, atLeast, x, df } = evidenceOf(PSI, mergeSparse(cells, alpha), alpha);
  return { measure: 'psi', statistic: populationStabilityIndex(cells), effect, atLeast, pValue: survival(x, df), n: sizesOf(cells) };
}

/** The Jensen-Shannon distance (base 2) with its evidence. */
export function measureJensenShannon(cells: Cells, alpha: number = DRIFT_ALPHA): Measured {
  const { effect, atLeast, x, df } = evidenceOf(JENSEN_SHANNON, mergeSparse(cells, alpha), alpha);
  return {
    measure: 'jensen-shannon',
    statistic: jensenShannonDistance(cells),
    effect: Math.sqrt(effect),
    atLeast: Math.sqrt(atLeast),
    pValue: survival(x, df),
    n: sizesOf(cells),
  };
}

/** Pearson's chi-square of two samples; its effect is Cramer's V of sides of one size, less what chance adds (as in Bergsma 2013). */
export function measureChiSquare(cells: Cells, alpha: number = DRIFT_ALPHA): Measured {
  const merged = mergeSparse(cells, alpha);
  const { effect, atLeast, df } = evidenceOf(CHI_SQUARE, merged, alpha);
  return {
    measure: 'chi-square',
    statistic: chiSquareStatistic(cells),
    effect: Math.sqrt(effect),
    atLeast: Math.sqrt(atLeast),
    pValue: survival(chiSquareStatistic(merged), df),
    n: sizesOf(cells),
  };
}
