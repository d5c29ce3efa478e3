import { meanArm, requireUnits } from './effect.ts';
import { StatisticsError } from './errors.ts';
import type { Moments } from './moments.ts';
import { lookAtSequence, type SequenceOptions, type SequenceResult } from './sequential.ts';

/**
 * A sequential test on differences within pairs, such as (cost of what answered - cost of its shadow) for one request:
 * an asymptotic confidence sequence on their mean, to be looked at after every pair. One-sided against a mean above 0
 * unless `side` says otherwise; the error of both members cancels, so few pairs are enough.
 *
 * Throws `too-few-units` below 2 pairs and `zero-variance` while all differences are equal.
 */
export function testPairedSequentially(differences: Moments, options: SequenceOptions = {}): SequenceResult {
  requireUnits(differences.n, 'A set of pairs');
  const { n, mean, variance } = meanArm(differences);
  if (!(variance > 0)) {
    throw new StatisticsError(
      'zero-variance',
      `All ${n} differences are ${mean}, so there is no error to measure their mean against. Wait for more pairs.`,
    );
  }
  const point = { effect: mean, estimate: mean, stdError: Math.sqrt(variance / n), toEffect: (estimate: number): number => estimate };
  return lookAtSequence(point, n, { side: 'greater', ...options });
}
