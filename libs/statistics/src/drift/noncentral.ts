import { normalSurvival, normalUpperQuantile } from '../distributions.ts';
import { requirePositive } from '../errors.ts';

/** Halvings of [0, x]: the noncentrality to 1e-15 of x. */
const BISECTIONS = 50;

/** The standard normal value that is as far out as x is for a noncentral chi-square variable (Sankaran 1963, third approximation). */
function normalScore(x: number, df: number, noncentrality: number): number {
  const mean = df + noncentrality;
  const spread = df + 2 * noncentrality;
  const h = 1 - (2 * mean * (df + 3 * noncentrality)) / (3 * spread * spread);
  const p = spread / (mean * mean);
  const m = (h - 1) * (1 - 3 * h);
  const centre = 1 + h * p * (h - 1 - 0.5 * (2 - h) * m * p);
  return ((x / mean) ** h - centre) / (h * Math.sqrt(2 * p) * (1 + 0.5 * m * p));
}

/**
 * P(X > x) for noncentral chi-square, to 0.005. A tail of 0.001 comes out too large, by a tenth at most from nine degrees of freedom on
 * and by a quarter for one, so that bounds err on the safe side.
 */
export function noncentralSurvival(x: number, df: number, noncentrality: number): number {
  requirePositive(df, 'the degrees of freedom');
  return normalSurvival(normalScore(x, df, noncentrality));
}

/** The smallest noncentrality under which a value as large as x has a probability of alpha: its lower confidence bound. */
export function leastNoncentrality(x: number, df: number, alpha: number): number {
  const limit = normalUpperQuantile(alpha);
  const explains = (noncentrality: number): boolean => normalScore(x, df, noncentrality) <= limit;
  if (x <= 0 || explains(0)) return 0;
  let [low, high] = [0, x];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (explains(middle)) high = middle;
    else low = middle;
  }
  return low;
}
