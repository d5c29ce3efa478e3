import { meanArm, proportionArm, type Arm } from './effect.ts';
import { momentsFromSums, type Sums } from './moments.ts';
import { testMsprt } from './msprt.ts';
import { testPairedSequentially } from './paired.ts';
import { testSequentially, tuneRho } from './sequential.ts';
import { disagreements, readVectors, relativeError } from '../test/vectors.ts';

interface Reference {
  readonly effect: number;
  readonly ci: readonly [number, number];
  readonly pValue: number;
  readonly greater: { readonly low: number; readonly pValue: number };
  readonly msprt: { readonly tau2: number; readonly logRatio: number };
}
interface Case {
  readonly kind: 'mean' | 'proportion';
  readonly control: Sums;
  readonly treatment: Sums;
  readonly relative: Reference;
  readonly absolute: Reference;
}

const { cases } = readVectors<{ cases: Case[] }>('sequential');
const TUNED = 700;
const armOf = (kind: Case['kind'], sums: Sums): Arm => (kind === 'proportion' ? proportionArm(sums) : meanArm(momentsFromSums(sums)));
const armsOf = ({ kind, control, treatment }: Case): readonly [Arm, Arm] => [armOf(kind, control), armOf(kind, treatment)];
const control = meanArm({ n: 900, mean: 10, m2: 899 * 4 });
const treatment = meanArm({ n: 1100, mean: 10.4, m2: 1099 * 5 });

describe.each(['relative', 'absolute'] as const)('the asymptotic confidence sequence of the %s effect', (differenceType) => {
  test('agrees with gbstats, interval and p-value, to 1e-9', () => {
    const ours = (row: Case): ReturnType<typeof testSequentially> =>
      testSequentially(...armsOf(row), { differenceType, tuningParameter: TUNED });
    expect(disagreements(cases, (row) => [ours(row).effect, row[differenceType].effect], 1e-9)).toEqual([]);
    expect(disagreements(cases, (row) => [ours(row).pValue, row[differenceType].pValue], 1e-9)).toEqual([]);
    for (const end of [0, 1] as const) {
      expect(disagreements(cases, (row) => [ours(row).ci[end] ?? NaN, row[differenceType].ci[end]], 1e-9)).toEqual([]);
    }
  });

  test('one-sided, its p-value is the smallest alpha whose interval leaves out zero', () => {
    const ours = (row: Case): ReturnType<typeof testSequentially> =>
      testSequentially(...armsOf(row), { differenceType, tuningParameter: TUNED, side: 'greater' });
    expect(disagreements(cases, (row) => [ours(row).ci[0] ?? NaN, row[differenceType].greater.low], 1e-9)).toEqual([]);
    expect(disagreements(cases, (row) => [ours(row).pValue, row[differenceType].greater.pValue], 1e-9)).toEqual([]);
    expect(cases.map((row) => ours(row).ci[1])).toEqual(cases.map(() => null));
  });

  test('the mixture ratio of mSPRT agrees with quadrature over its prior', () => {
    const ours = (row: Case): ReturnType<typeof testMsprt> =>
      testMsprt(...armsOf(row), { differenceType, tau2: row[differenceType].msprt.tau2 });
    for (const row of cases) expect(Math.abs(ours(row).logLikelihoodRatio - row[differenceType].msprt.logRatio)).toBeLessThan(1e-9);
    expect(disagreements(cases, (row) => [ours(row).pValue, Math.min(1, Math.exp(-row[differenceType].msprt.logRatio))], 1e-9)).toEqual([]);
  });
});

describe('a sequential look', () => {
  test('is wider than the fixed test’s and tightest near its tuning', () => {
    const width = (n: number, tuningParameter: number): number => {
      const arm = meanArm({ n: n / 2, mean: 10, m2: n / 2 - 1 });
      const { ci, stdError } = testSequentially(arm, arm, { differenceType: 'absolute', tuningParameter });
      return (ci[1]! - ci[0]!) / 2 / stdError;
    };
    expect(width(5000, 5000)).toBeGreaterThan(1.96);
    expect(width(5000, 5000)).toBeLessThan(width(5000, 300));
    expect(width(300, 300)).toBeLessThan(width(300, 5000));
  });

  test('rho is the tuning’s unless given, and its formula is that of Waudby-Smith et al.', () => {
    const byHand = Math.sqrt((-2 * Math.log(0.05) + Math.log(-2 * Math.log(0.05) + 1)) / 5000);
    expect(testSequentially(control, treatment).rho).toBeCloseTo(byHand, 15);
    expect(testSequentially(control, treatment, { rho: 0.1, tuningParameter: 3 }).rho).toBe(0.1);
    expect(tuneRho(0.05, 'greater')).toBe(tuneRho(0.1));
  });

  test('swapping the arms mirrors a one-sided absolute result', () => {
    const greater = testSequentially(control, treatment, { differenceType: 'absolute', side: 'greater' });
    const less = testSequentially(treatment, control, { differenceType: 'absolute', side: 'less' });
    expect(less.pValue).toBe(greater.pValue);
    expect(less.ci).toEqual([null, -greater.ci[0]!]);
  });

  test('nothing speaks for an effect on the other side', () => {
    expect(testSequentially(control, treatment, { side: 'less' }).pValue).toBe(1);
  });

  test('a p-value never rises from one look to the next', () => {
    const { pValue } = testSequentially(control, treatment);
    expect(testSequentially(control, treatment, { previousPValue: pValue / 2 }).pValue).toBe(pValue / 2);
    expect(testSequentially(control, treatment, { previousPValue: 1 }).pValue).toBe(pValue);
    expect(testMsprt(control, treatment, { tau2: 1e-4, previousPValue: 1e-12 }).pValue).toBe(1e-12);
  });

  test('the log scale keeps the interval above -100 %', () => {
    const few = meanArm({ n: 8, mean: 1, m2: 7 });
    expect(testSequentially(few, few).ci[0]).toBeLessThan(-1);
    expect(testSequentially(few, few, { logScale: true }).ci[0]).toBeGreaterThan(-1);
  });

  test('an effect of any size gives finite numbers or no bound', () => {
    const sure = testSequentially({ ...control, variance: 1e-20 }, { ...treatment, variance: 1e-20 }, { side: 'greater' });
    expect(sure.pValue).toBe(0);
    const wide = testSequentially(
      { ...control, n: 2, variance: 1e6 },
      { ...treatment, n: 2, variance: 1e6 },
      { logScale: true, tuningParameter: 1e9 },
    );
    expect(wide.ci).toEqual([-1, null]);
  });

  test('options that cannot be are refused', () => {
    expect(() => testSequentially(control, treatment, { alpha: 0.5, side: 'less' })).toThrow(
      'alpha is 0.5, but it has to be above 0 and below 0.5',
    );
    expect(() => testSequentially(control, treatment, { tuningParameter: 0 })).toThrow('the tuning parameter is 0');
    expect(() => testSequentially(control, treatment, { rho: -1 })).toThrow('rho is -1');
    expect(() => testSequentially(control, treatment, { previousPValue: 2 })).toThrow('the previous p-value is 2');
    expect(() => testMsprt(control, treatment, { tau2: 0 })).toThrow('tau2 is 0');
  });
});

describe('mSPRT', () => {
  test('its interval leaves out zero exactly when its p-value is below alpha', () => {
    const { pValue } = testMsprt(control, treatment, { tau2: 0.0004 });
    expect(testMsprt(control, treatment, { tau2: 0.0004, alpha: pValue * 1.0001 }).ci[0]).toBeGreaterThan(0);
    expect(testMsprt(control, treatment, { tau2: 0.0004, alpha: pValue * 0.9999 }).ci[0]).toBeLessThan(0);
  });
});

describe('paired differences', () => {
  test('are a one-sample sequence: bounded from below, on the standard error of their mean', () => {
    const result = testPairedSequentially({ n: 400, mean: 0.2, m2: 399 });
    const v = 400 * tuneRho(0.05, 'greater') ** 2;
    const byHand = 0.2 - Math.sqrt((2 / 400) * ((v + 1) / v) * Math.log(1 + Math.sqrt(v + 1) / 0.1));
    expect(result.stdError).toBeCloseTo(1 / 20, 14);
    expect(result.ci[0]).toBeCloseTo(byHand, 12);
    expect(result.ci[1]).toBeNull();
  });

  test('a shadow that costs as much never fires, one that costs less does', () => {
    expect(testPairedSequentially({ n: 2000, mean: 0, m2: 1999 }).pValue).toBe(1);
    expect(testPairedSequentially({ n: 2000, mean: 0.3, m2: 1999 }, { tuningParameter: 500 }).pValue).toBeLessThan(1e-9);
  });

  test('the first few pairs cannot fire whatever they say, because the tuning is for many', () => {
    expect(testPairedSequentially({ n: 3, mean: 4, m2: 1 }).pValue).toBe(1);
  });

  test('equal differences and a single pair are refused with what to wait for', () => {
    expect(() => testPairedSequentially({ n: 12, mean: 0, m2: 0 })).toThrow(
      'All 12 differences are 0, so there is no error to measure their mean against. Wait for more pairs.',
    );
    expect(() => testPairedSequentially({ n: 1, mean: 1, m2: 0 })).toThrow('A set of pairs with n = 1 has no variance');
  });

  test('another unit of cost changes no decision', () => {
    const [before, after] = [1, 1000].map((unit) => testPairedSequentially({ n: 500, mean: 0.1 * unit, m2: 499 * unit * unit }));
    expect(relativeError(after!.pValue, before!.pValue)).toBeLessThan(1e-12);
  });
});
