import { adjustForCovariate } from './cuped.ts';
import { meanArm } from './effect.ts';
import { addPair, NO_PAIR_MOMENTS, pairMomentsFromSums, type PairMoments, type Sums } from './moments.ts';
import { testWelch } from './welch.ts';
import { disagreements, readVectors, relativeError, uniformSource } from '../test/vectors.ts';

interface Case {
  readonly outcomeType: 'mean' | 'proportion';
  readonly arms: readonly { readonly outcome: Sums; readonly covariate: Sums; readonly sumProducts: number }[];
  readonly relative: Reference;
  readonly absolute: Reference;
}
interface Reference {
  readonly effect: number;
  readonly ci: readonly [number, number];
  readonly stdError: number;
  readonly theta: number;
}

const { cases } = readVectors<{ cases: Case[] }>('cuped');

/** Outcomes that follow their covariate with noise of the given size; treated units gain 0.5. */
function armOf(n: number, seed: number, { noise, gain }: { readonly noise: number; readonly gain: number }): PairMoments {
  const uniform = uniformSource(seed);
  return Array.from({ length: n }).reduce<PairMoments>((moments) => {
    const x = 10 * uniform();
    return addPair(moments, 5 + gain + x + noise * (uniform() - 0.5), x);
  }, NO_PAIR_MOMENTS);
}

describe('CUPED against gbstats', () => {
  test.each(['relative', 'absolute'] as const)('theta, %s effect, error and interval agree to 1e-9', (differenceType) => {
    const ours = (row: Case): ReturnType<typeof testWelch> & { theta: number } => {
      const [control, treatment] = row.arms.map((arm) => pairMomentsFromSums(arm.outcome, arm.covariate, arm.sumProducts)) as [
        PairMoments,
        PairMoments,
      ];
      const adjusted = adjustForCovariate(control, treatment, { outcomeType: row.outcomeType });
      return { ...testWelch(adjusted.control, adjusted.treatment, { differenceType }), theta: adjusted.theta };
    };
    expect(disagreements(cases, (row) => [ours(row).theta, row[differenceType].theta], 1e-9)).toEqual([]);
    expect(disagreements(cases, (row) => [ours(row).effect, row[differenceType].effect], 1e-9)).toEqual([]);
    expect(disagreements(cases, (row) => [ours(row).stdError, row[differenceType].stdError], 1e-9)).toEqual([]);
    for (const end of [0, 1] as const) {
      expect(disagreements(cases, (row) => [ours(row).ci[end] ?? NaN, row[differenceType].ci[end]], 1e-9)).toEqual([]);
    }
  });
});

describe('what a covariate does', () => {
  const control = armOf(400, 5, { noise: 2, gain: 0 });
  const treatment = armOf(400, 6, { noise: 2, gain: 0.5 });

  test('a covariate that explains most of the outcome narrows the interval around the same truth', () => {
    const plain = testWelch(meanArm(control.outcome), meanArm(treatment.outcome), { differenceType: 'absolute' });
    const arms = adjustForCovariate(control, treatment);
    const adjusted = testWelch(arms.control, arms.treatment, { differenceType: 'absolute' });
    expect(arms.varianceReduction).toBeGreaterThan(0.9);
    expect(relativeError(1 - arms.varianceReduction, (adjusted.stdError / plain.stdError) ** 2)).toBeLessThan(1e-12);
    expect(adjusted.ci[0]).toBeGreaterThan(0.3);
    expect(adjusted.ci[1]).toBeLessThan(0.7);
    expect(plain.ci[1]! - plain.ci[0]!).toBeGreaterThan(3 * (adjusted.ci[1]! - adjusted.ci[0]!));
  });

  test('a constant covariate changes nothing', () => {
    const constant = ({ outcome, n }: PairMoments): PairMoments => ({ n, outcome, covariate: { n, mean: 3, m2: 0 }, cross: 0 });
    const arms = adjustForCovariate(constant(control), constant(treatment));
    expect(arms).toMatchObject({
      theta: 0,
      varianceReduction: 0,
      control: meanArm(control.outcome),
      treatment: meanArm(treatment.outcome),
    });
  });

  test('another unit or origin of the covariate changes nothing', () => {
    const moved = (pair: PairMoments): PairMoments => ({
      ...pair,
      covariate: { ...pair.covariate, mean: pair.covariate.mean * 60 + 1e4, m2: pair.covariate.m2 * 3600 },
      cross: pair.cross * 60,
    });
    const [before, after] = [adjustForCovariate(control, treatment), adjustForCovariate(moved(control), moved(treatment))];
    expect(relativeError(after.treatment.mean - after.control.mean, before.treatment.mean - before.control.mean)).toBeLessThan(1e-9);
    expect(relativeError(after.treatment.variance, before.treatment.variance)).toBeLessThan(1e-9);
  });

  test('relative effects stay relative to the control mean as observed', () => {
    const arms = adjustForCovariate(control, treatment);
    const absolute = testWelch(arms.control, arms.treatment, { differenceType: 'absolute' }).effect;
    expect(relativeError(testWelch(arms.control, arms.treatment).effect, absolute / control.outcome.mean)).toBeLessThan(1e-12);
  });

  test('a theta fixed beforehand is used as it is, and a bad one says so', () => {
    const arms = adjustForCovariate(control, treatment, { theta: -1 });
    expect(arms.theta).toBe(-1);
    expect(arms.varianceReduction).toBeLessThan(0);
  });

  test('an arm with one unit is refused', () => {
    expect(() => adjustForCovariate(addPair(NO_PAIR_MOMENTS, 1, 1), treatment)).toThrow('An arm with n = 1 has no variance');
  });
});
