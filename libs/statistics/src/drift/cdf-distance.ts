import { requirePositive, StatisticsError } from '../errors.ts';
import { requireAlpha } from '../interval.ts';
import type { CdfComparison } from './cdf-comparison.ts';
import { kolmogorovSurvival } from './kolmogorov.ts';
import { DRIFT_ALPHA, effectiveSize, type Measured } from './measured.ts';
import type { Sizes } from './cells.ts';

/**
 * How far from the true difference of two distributions that of their samples is anywhere, with probability 1 - alpha:
 * sqrt(ln(2/alpha)/2 (1/n + 1/m)), the inequality of Dvoretzky, Kiefer & Wolfowitz for two samples (Massart 1990; Wei & Dudley 2012).
 */
export function gapBand(n: Sizes, alpha: number): number {
  return Math.sqrt(Math.log(2 / requireAlpha(alpha)) / 2 / effectiveSize(n));
}

/**
 * The Kolmogorov-Smirnov statistic D, the largest difference of cumulative shares. The p-value is that of the limiting distribution,
 * which for small ones is above the exact one, by less than its double. With ties the true one is smaller still, as it is from profiles,
 * whose edges show a D that is at most the true one.
 */
export function measureKolmogorovSmirnov({ n, largestGap }: CdfComparison, alpha: number = DRIFT_ALPHA): Measured {
  return {
    measure: 'kolmogorov-smirnov',
    statistic: largestGap,
    effect: largestGap,
    atLeast: Math.max(0, largestGap - gapBand(n, alpha)),
    pValue: kolmogorovSurvival(Math.sqrt(effectiveSize(n)) * largestGap),
    n,
  };
}

/** The Wasserstein-1 (earth mover's) distance in the feature's unit: the area between the cumulative distributions. From profiles, a lower bound. */
export function wassersteinDistance({ areas, tails }: CdfComparison): number {
  return areas.reduce((sum, area) => sum + Math.abs(area), tails);
}

/** The area outside of the band around each curve. The tails' widths are unknown, so they add nothing. */
function sureDistance({ areas, widths }: CdfComparison, band: number): number {
  return areas.reduce((sum, area, stretch) => sum + Math.max(0, Math.abs(area) - band * (widths[stretch] ?? NaN)), 0);
}

/**
 * The Wasserstein-1 distance; its effect is in standard deviations of the reference (population form, as in Evidently). Throws
 * `zero-variance` for a constant reference, which has no such unit, `out-of-range` where a distance overflows.
 */
export function measureWasserstein(comparison: CdfComparison, deviation: number, alpha: number = DRIFT_ALPHA): Measured {
  if (deviation === 0) {
    throw new StatisticsError(
      'zero-variance',
      'All values at training are the same, so there is no standard deviation to measure a distance in.',
    );
  }
  requirePositive(deviation, 'the standard deviation of the reference');
  const statistic = wassersteinDistance(comparison);
  const [effect, atLeast] = [statistic / deviation, sureDistance(comparison, gapBand(comparison.n, alpha)) / deviation];
  if (!Number.isFinite(effect)) {
    throw new StatisticsError('out-of-range', 'The distance is beyond double precision; measure in another unit.');
  }
  return { measure: 'wasserstein', statistic, effect, atLeast, pValue: null, n: comparison.n };
}
