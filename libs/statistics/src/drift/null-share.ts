import { normalSurvival, normalUpperQuantile } from '../distributions.ts';
import { requireCount } from '../errors.ts';
import { requireAlpha } from '../interval.ts';
import { requireBothSides } from './cells.ts';
import { DRIFT_ALPHA, effectiveSize, type Measured } from './measured.ts';

/** Rows of a feature with a value and without one. */
export interface NullCounts {
  readonly values: number;
  readonly nulls: number;
}

/** The angle on whose scale a share has the same error wherever it lies. */
const angle = (share: number): number => 2 * Math.asin(Math.sqrt(share));

function requireRows({ values, nulls }: NullCounts, side: string): number {
  requireCount(values, `the number of values ${side}`);
  requireCount(nulls, `the number of nulls ${side}`);
  return values + nulls;
}

/** Two-sided p-value of two shares with a pooled variance, the root of chi-square without a correction; 1 where both are all or none. */
function testShares(difference: number, pooled: number, size: number): number {
  if (difference === 0) return 1;
  return Math.min(1, 2 * normalSurvival(Math.abs(difference) / Math.sqrt((pooled * (1 - pooled)) / size)));
}

/**
 * The share of nulls in serving less that at training. The effect is Cohen's h, the difference of the angles 2 asin(sqrt(share))
 * (Cohen 1988, chapter 6): from none to 1 % counts as much as from 40 % to 50 %. `n` is of rows, nulls included.
 */
export function measureNullShare(reference: NullCounts, current: NullCounts, alpha: number = DRIFT_ALPHA): Measured {
  const n = [requireRows(reference, 'at training'), requireRows(current, 'in serving')] as const;
  requireBothSides(n, 'rows');
  const [before, after] = [reference.nulls / n[0], current.nulls / n[1]];
  const size = effectiveSize(n);
  const effect = Math.abs(angle(after) - angle(before));
  return {
    measure: 'null-share',
    statistic: after - before,
    effect,
    atLeast: Math.max(0, effect - normalUpperQuantile(requireAlpha(alpha) / 2) / Math.sqrt(size)),
    pValue: testShares(after - before, (reference.nulls + current.nulls) / (n[0] + n[1]), size),
    n,
  };
}
