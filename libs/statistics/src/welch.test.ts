import { meanArm, proportionArm, type Arm } from './effect.ts';
import { StatisticsError } from './errors.ts';
import type { Interval, Side } from './interval.ts';
import { momentsFromSums, type Sums } from './moments.ts';
import { testWelch } from './welch.ts';
import { disagreements, readVectors, relativeError } from '../test/vectors.ts';

interface Reference {
  readonly effect: number;
  readonly ci: readonly [number, number];
  readonly stdError: number;
  readonly pValue: number;
  readonly df: number;
  readonly greaterPValue: number;
  readonly greaterLow: number;
}
interface Case {
  readonly kind: 'mean' | 'proportion';
  readonly control: Sums;
  readonly treatment: Sums;
  readonly relative: Reference;
  readonly absolute: Reference;
  readonly logScale?: { readonly ci: readonly [number, number]; readonly pValue: number };
  readonly scipy?: Record<Side, { readonly pValue: number; readonly ci: Interval }>;
}

const { cases } = readVectors<{ cases: Case[] }>('welch');
const armOf = (kind: Case['kind'], sums: Sums): Arm => (kind === 'proportion' ? proportionArm(sums) : meanArm(momentsFromSums(sums)));
const armsOf = ({ kind, control, treatment }: Case): readonly [Arm, Arm] => [armOf(kind, control), armOf(kind, treatment)];
const control = meanArm({ n: 100, mean: 10, m2: 99 * 4 });
const treatment = meanArm({ n: 120, mean: 10.8, m2: 119 * 5 });

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StatisticsError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('Welch’s test against scipy, statsmodels and gbstats', () => {
  test.each(['relative', 'absolute'] as const)('agrees with gbstats on the %s effect to 1e-9', (differenceType) => {
    const compare = (pick: (row: Case) => readonly [number, number]): unknown => disagreements(cases, pick, 1e-9);
    const result = (row: Case, side: Side = 'two-sided'): ReturnType<typeof testWelch> =>
      testWelch(...armsOf(row), { differenceType, side });
    expect(compare((row) => [result(row).effect, row[differenceType].effect])).toEqual([]);
    expect(compare((row) => [result(row).stdError, row[differenceType].stdError])).toEqual([]);
    expect(compare((row) => [result(row).df, row[differenceType].df])).toEqual([]);
    expect(compare((row) => [result(row).pValue, row[differenceType].pValue])).toEqual([]);
    expect(compare((row) => [result(row).ci[0] ?? NaN, row[differenceType].ci[0]])).toEqual([]);
    expect(compare((row) => [result(row).ci[1] ?? NaN, row[differenceType].ci[1]])).toEqual([]);
    expect(compare((row) => [result(row, 'greater').pValue, row[differenceType].greaterPValue])).toEqual([]);
    expect(compare((row) => [result(row, 'greater').ci[0] ?? NaN, row[differenceType].greaterLow])).toEqual([]);
  });

  test('agrees with scipy on raw values, for every side, to 1e-9', () => {
    const sides: readonly Side[] = ['two-sided', 'less', 'greater'];
    for (const row of cases.filter((one) => one.scipy)) {
      for (const side of sides) {
        const ours = testWelch(...armsOf(row), { differenceType: 'absolute', side });
        const theirs = row.scipy![side];
        expect(relativeError(ours.pValue, theirs.pValue)).toBeLessThan(1e-9);
        expect(ours.ci.map((end) => end === null)).toEqual(theirs.ci.map((end) => end === null));
        theirs.ci.forEach((end, i) => expect(relativeError(ours.ci[i] ?? 0, end ?? 0)).toBeLessThan(1e-9));
      }
    }
  });

  test('the log scale agrees with the interval of the log ratio of statsmodels’ moments', () => {
    const rows = cases.filter((row) => row.logScale);
    const ours = (row: Case): ReturnType<typeof testWelch> => testWelch(...armsOf(row), { logScale: true });
    expect(rows.length).toBeGreaterThan(0);
    expect(disagreements(rows, (row) => [ours(row).pValue, row.logScale!.pValue], 1e-9)).toEqual([]);
    for (const end of [0, 1] as const)
      expect(disagreements(rows, (row) => [ours(row).ci[end] ?? NaN, row.logScale!.ci[end]], 1e-9)).toEqual([]);
  });
});

describe('closed forms', () => {
  test('the absolute test is the textbook’s', () => {
    // se^2 = 5/120 + 4/100 = 49/600; df = se^4/((1/24)^2/119 + (1/25)^2/99).
    const result = testWelch(control, treatment, { differenceType: 'absolute' });
    expect(result.effect).toBeCloseTo(0.8, 12);
    expect(result.stdError).toBeCloseTo(Math.sqrt(49 / 600), 14);
    expect(result.df).toBeCloseTo((49 / 600) ** 2 / ((1 / 24) ** 2 / 119 + (1 / 25) ** 2 / 99), 9);
  });

  test('the relative standard error is the delta method’s', () => {
    const result = testWelch(control, treatment);
    expect(result.effect).toBeCloseTo(0.08, 14);
    expect(result.stdError).toBeCloseTo(Math.sqrt(5 / 120 / 100 + (4 / 100) * (10.8 ** 2 / 10 ** 4)), 14);
  });
});

describe('what must not change the answer', () => {
  test('swapping the arms turns the sign and keeps the p-value of the absolute effect', () => {
    const [one, other] = [control, treatment].map((arm, i, arms) => testWelch(arm, arms[1 - i]!, { differenceType: 'absolute' }));
    expect(one!.effect).toBe(-other!.effect);
    expect(one!.ci).toEqual([-other!.ci[1]!, -other!.ci[0]!]);
    expect(one!.pValue).toBe(other!.pValue);
  });

  test('the log scale is symmetric in the arms where the plain relative effect is not', () => {
    const forth = testWelch(control, treatment, { logScale: true });
    const back = testWelch(treatment, control, { logScale: true });
    expect(relativeError(forth.pValue, back.pValue)).toBeLessThan(1e-12);
    expect(relativeError(1 + forth.ci[0]!, 1 / (1 + back.ci[1]!))).toBeLessThan(1e-12);
    expect(relativeError(testWelch(control, treatment).pValue, testWelch(treatment, control).pValue)).toBeGreaterThan(1e-3);
  });

  test('another unit of measurement leaves a relative effect as it is', () => {
    const scaled = ([control, treatment] as const).map((arm) => ({
      ...arm,
      mean: arm.mean * 1e6,
      observedMean: arm.observedMean * 1e6,
      variance: arm.variance * 1e12,
    }));
    const [before, after] = [testWelch(control, treatment), testWelch(scaled[0]!, scaled[1]!)];
    expect(relativeError(after.effect, before.effect)).toBeLessThan(1e-12);
    expect(relativeError(after.pValue, before.pValue)).toBeLessThan(1e-12);
    expect(relativeError(after.ci[0]!, before.ci[0]!)).toBeLessThan(1e-12);
  });

  test('the interval leaves out zero exactly when the p-value is below alpha', () => {
    const { pValue } = testWelch(control, treatment);
    expect(testWelch(control, treatment, { alpha: pValue * 1.0001 }).ci[0]).toBeGreaterThan(0);
    expect(testWelch(control, treatment, { alpha: pValue * 0.9999 }).ci[0]).toBeLessThan(0);
  });
});

describe('where there is no answer', () => {
  test('one unit has no variance', () => {
    expect(() => meanArm({ n: 1, mean: 3, m2: 0 })).toThrow(
      'An arm with n = 1 has no variance, which needs at least 2. Wait for more outcomes.',
    );
    expect(codeOf(() => proportionArm({ n: 0, sum: 0 }))).toBe('too-few-units');
  });

  test('an arm whose units are all equal is refused by its name', () => {
    expect(() => testWelch(meanArm({ n: 5, mean: 3, m2: 0 }), treatment)).toThrow('All 5 units of the control have the same value');
    expect(codeOf(() => testWelch(control, proportionArm({ n: 5, sum: 5 })))).toBe('zero-variance');
  });

  test('a relative effect needs a control mean above zero, an absolute one does not', () => {
    const zero = { ...control, mean: 0, observedMean: 0 };
    const negative = { ...control, mean: -1, observedMean: -1 };
    expect(codeOf(() => testWelch(zero, treatment))).toBe('baseline-not-positive');
    expect(codeOf(() => testWelch(negative, treatment))).toBe('baseline-not-positive');
    expect(() => testWelch(zero, treatment)).toThrow('Ask for differenceType absolute.');
    expect(testWelch(zero, treatment, { differenceType: 'absolute' }).effect).toBe(10.8);
  });

  test('the log scale needs both means above zero and a relative effect', () => {
    expect(codeOf(() => testWelch(control, { ...treatment, mean: -1, observedMean: -1 }, { logScale: true }))).toBe(
      'baseline-not-positive',
    );
    expect(codeOf(() => testWelch(control, treatment, { logScale: true, differenceType: 'absolute' }))).toBe('invalid-option');
  });

  test('a share beyond its units, an alpha of one and numbers beyond doubles are refused', () => {
    expect(codeOf(() => proportionArm({ n: 5, sum: 6 }))).toBe('impossible-moments');
    expect(codeOf(() => testWelch(control, treatment, { alpha: 1 }))).toBe('invalid-option');
    expect(codeOf(() => testWelch({ ...control, observedMean: 1e-200 }, treatment))).toBe('out-of-range');
    expect(codeOf(() => testWelch(control, { ...treatment, mean: Number.NaN }))).toBe('invalid-input');
  });
});
