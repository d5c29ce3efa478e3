import { requirePositive, StatisticsError } from '../errors.ts';
import type { DriftMeasure } from './measured.ts';

/** Effects from which on drift is worth a look, and worth an act. */
export interface DriftThreshold {
  readonly some: number;
  readonly strong: number;
}

export type DriftThresholds = Readonly<Record<DriftMeasure, DriftThreshold>>;

/**
 * Conventions, not laws: a user's own knowledge of a feature is better. A normal feature that moves by half a standard deviation has
 * a PSI of 0.25, a Jensen-Shannon distance of 0.2, a V of 0.24 and a Kolmogorov-Smirnov distance of 0.2.
 */
export const DRIFT_THRESHOLDS: DriftThresholds = {
  /** The rule of thumb of credit scoring (told by Yurdakul 2018); some take 0.25 for the second. */
  psi: { some: 0.1, strong: 0.2 },
  /** Evidently's default; twice of it. */
  'jensen-shannon': { some: 0.1, strong: 0.2 },
  /** Cohen's small and medium effect size w, which is V of two rows (Cohen 1988, chapter 7). */
  'chi-square': { some: 0.1, strong: 0.3 },
  /** What a normal feature shows that moves by a quarter and by half a standard deviation. */
  'kolmogorov-smirnov': { some: 0.1, strong: 0.2 },
  /** Evidently's default; Cohen's medium difference of means (1988, chapter 2). */
  wasserstein: { some: 0.1, strong: 0.5 },
  /** Cohen's small and medium effect size h. */
  'null-share': { some: 0.2, strong: 0.5 },
};

/** Throws `invalid-option` where a threshold is no positive number, or the strong one is below the other. */
export function requireThreshold({ some, strong }: DriftThreshold, measure: string): void {
  requirePositive(some, `the threshold of ${measure} for some drift`);
  requirePositive(strong, `the threshold of ${measure} for strong drift`);
  if (strong >= some) return;
  throw new StatisticsError(
    'invalid-option',
    `The thresholds of ${measure} are ${some} for some drift and ${strong} for strong drift; give a strong one that is no smaller.`,
  );
}
