import { layBins, type NumericObservation } from './drift/bins.ts';
import { profileCategories, type CategoryObservation } from './drift/category-profile.ts';
import { mergeProfiles } from './drift/feature-profile.ts';
import { profileReference, profileValues } from './drift/numeric-profile.ts';
import { judgeDrift, type DriftOptions, type DriftVerdict } from './drift.ts';

const upTo = (n: number, from = 0): number[] => Array.from({ length: n }, (_, index) => from + index / n);
const repeated = <T>(value: T, count: number): T[] => Array.from({ length: count }, () => value);

function judgeNumbers(
  reference: readonly NumericObservation[],
  current: readonly NumericObservation[],
  options?: DriftOptions,
): DriftVerdict {
  const edges = layBins(reference);
  return judgeDrift(profileValues(edges, reference), profileValues(edges, current), options);
}

function judgeCategories(reference: readonly CategoryObservation[], current: readonly CategoryObservation[]): DriftVerdict {
  return judgeDrift(profileCategories(reference), profileCategories(current));
}

const everyNumber = ({ measures }: DriftVerdict): number[] =>
  measures.flatMap(({ statistic, effect, atLeast, pValue }) => [statistic, effect, atLeast, pValue ?? 0]);

describe('a verdict of drift', () => {
  test('names the measure that is furthest above its threshold, and says what changed', () => {
    const verdict = judgeNumbers(upTo(20_000), upTo(5000, 0.4));
    expect(verdict).toMatchObject({ verdict: 'strong', by: 'psi' });
    expect(verdict.sentence).toMatch(
      /^Strong drift: the population stability index is [\d.]+, surely above [\d.]+, where 0.2 counts as strong; the mean went from 0.5 to 0.9\.$/,
    );
    expect(verdict.measures.map(({ measure }) => measure)).toEqual([
      'psi',
      'jensen-shannon',
      'kolmogorov-smirnov',
      'wasserstein',
      'null-share',
    ]);
  });

  test('is none where the same rows come back, and says what would have counted', () => {
    const verdict = judgeNumbers(upTo(1000), upTo(700));
    expect(verdict).toMatchObject({ verdict: 'none', by: null });
    expect(verdict.sentence).toMatch(/^No drift: .* is [\d.e-]+, and [\d.]+ would count \(700 in serving against 1,000 at training\)\.$/);
  });

  test('is none while few rows show it, and says so', () => {
    const verdict = judgeNumbers(upTo(1000), upTo(12, 0.3));
    expect(verdict.verdict).toBe('none');
    expect(verdict.sentence).toContain('No drift that is sure');
    expect(verdict.sentence).toContain('12 in serving against 1,000 at training');
  });

  test('tells which category grew', () => {
    const before = [
      { value: 'card', count: 90_000 },
      { value: 'cash', count: 10_000 },
    ];
    const verdict = judgeCategories(before, [
      { value: 'card', count: 600 },
      { value: 'cash', count: 100 },
      { value: 'voucher', count: 300 },
    ]);
    expect(verdict).toMatchObject({ verdict: 'strong', by: 'psi' });
    expect(verdict.sentence).toMatch(/; voucher went from 0 % to 30 %\.$/);
  });

  test('is of the nulls alone where values did not change', () => {
    const verdict = judgeNumbers([...upTo(1000), ...repeated(null, 10)], [...upTo(1000), ...repeated(null, 600)]);
    expect(verdict).toMatchObject({ verdict: 'strong', by: 'null-share' });
    expect(verdict.sentence).toContain('nulls went from 0.99 % to 37.5 %');
  });

  test('follows the thresholds and the error probability of who asks', () => {
    const [reference, current] = [upTo(5000), upTo(5000, 0.15)];
    const given = judgeNumbers(reference, current);
    expect(given.verdict).toBe('strong');
    const high = { some: 5, strong: 9 };
    const thresholds = { psi: high, 'jensen-shannon': high, 'kolmogorov-smirnov': { some: 0.1, strong: 0.3 }, wasserstein: null };
    expect(judgeNumbers(reference, current, { thresholds })).toMatchObject({ verdict: 'some', by: 'kolmogorov-smirnov' });
    const unsure = { thresholds: { ...thresholds, 'kolmogorov-smirnov': { some: 0.13, strong: 0.3 } } };
    expect(judgeNumbers(reference, current, unsure).verdict).toBe('none');
    expect(judgeNumbers(reference, current, { ...unsure, alpha: 0.4 }).verdict).toBe('some');
    const silent = { ...thresholds, psi: null, 'jensen-shannon': null, 'kolmogorov-smirnov': null, 'null-share': null };
    expect(judgeNumbers(reference, current, { thresholds: silent })).toMatchObject({ verdict: 'none', by: null, measures: { length: 5 } });
    expect(() => judgeNumbers(reference, current, { thresholds: { psi: { some: 0.2, strong: 0.1 } } })).toThrow('The thresholds of psi');
    expect(() => judgeNumbers(reference, current, { alpha: 0.7 })).toThrow('alpha is 0.7');
  });
});

describe('features at the edge', () => {
  test('that are constant have no drift, and a strong one once the constant changes', () => {
    const same = judgeNumbers(repeated(3, 500), repeated(3, 80));
    expect(same).toMatchObject({ verdict: 'none', unmeasured: [{ measure: 'wasserstein' }] });
    expect(same.unmeasured[0]?.reason).toContain('All values at training are the same');
    for (const value of [2, 4]) {
      expect(judgeNumbers(repeated(3, 500), repeated(value, 80))).toMatchObject({ verdict: 'strong' });
    }
    expect(judgeCategories(repeated('a', 500), repeated('a', 80)).verdict).toBe('none');
    expect(judgeCategories(repeated('a', 500), repeated('b', 80)).verdict).toBe('strong');
  });

  test('that are all null in serving drift by their nulls, and the other measures say why they are silent', () => {
    const verdict = judgeNumbers(upTo(300), repeated(null, 300));
    expect(verdict).toMatchObject({ verdict: 'strong', by: 'null-share' });
    expect(verdict.unmeasured.map(({ measure }) => measure)).toEqual(['psi', 'jensen-shannon', 'kolmogorov-smirnov', 'wasserstein']);
    expect(judgeCategories(['a', 'b'], repeated(null, 9)).unmeasured).toHaveLength(3);
  });

  test('never have a measure that is no number', () => {
    const verdicts = [
      judgeNumbers([1], [1]),
      judgeNumbers([1], [2]),
      judgeNumbers([0, 1e150], [-1e150]),
      judgeNumbers([5e-324, 0], [1]),
      judgeCategories(['a'], ['b']),
      judgeCategories([null, 'a'], [null]),
    ];
    for (const verdict of verdicts) expect(everyNumber(verdict).filter((value) => !Number.isFinite(value))).toEqual([]);
  });

  test('without a row on one side, of other kinds or other bins are refused', () => {
    const reference = profileReference(upTo(10));
    expect(() => judgeDrift(reference, profileValues(reference.edges, []))).toThrow('There are 10 rows at training and 0 in serving');
    expect(() => judgeDrift(reference, profileCategories(['a']))).toThrow('is numeric and the other categorical');
    expect(() => judgeDrift(reference, profileReference(upTo(11)))).toThrow('different bins');
    expect(() => mergeProfiles(reference, profileCategories(['a']))).toThrow('is numeric and the other categorical');
  });
});

test('profiles of any kind are merged before they are judged', () => {
  const reference = profileReference(upTo(5000));
  const [morning, evening] = [profileValues(reference.edges, upTo(2500)), profileValues(reference.edges, upTo(2500, 0.5))];
  expect(judgeDrift(reference, mergeProfiles(morning, evening))).toEqual(judgeDrift(reference, mergeProfiles(evening, morning)));
  expect(mergeProfiles(profileCategories(['a']), profileCategories(['b']))).toEqual(profileCategories(['a', 'b']));
});
