import type { Sizes } from './cells.ts';

export type DriftMeasure = 'psi' | 'jensen-shannon' | 'chi-square' | 'kolmogorov-smirnov' | 'wasserstein' | 'null-share';

/** What one measure says of two sides of a feature. */
export interface Measured {
  readonly measure: DriftMeasure;
  /** The textbook value, as other tools report it; of few values it is large by chance alone. */
  readonly statistic: number;
  /** How strong the drift is, on a scale that does not depend on how many values there are; what thresholds are compared with. */
  readonly effect: number;
  /** The lower end of a one-sided confidence interval of the true effect: what it surely is. 0 where chance explains everything. */
  readonly atLeast: number;
  /** The probability of so large a statistic where nothing drifts; null where no distribution is known. With n large it is small for any difference. */
  readonly pValue: number | null;
  readonly n: Sizes;
}

/**
 * The probability that a measure's `atLeast` is above the true effect. Drift is judged for many features again and again: hence as
 * small as for a sample ratio mismatch.
 */
export const DRIFT_ALPHA = 0.001;

/** 1/(1/n + 1/m): the size of one sample that is as noisy as the comparison of the two. */
export const effectiveSize = ([n, m]: Sizes): number => (n / (n + m)) * m;
