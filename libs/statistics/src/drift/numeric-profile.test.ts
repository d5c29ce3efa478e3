import { layBins } from './bins.ts';
import { mergeNumericProfiles, profileReference, profileValues, standardDeviation, type NumericProfile } from './numeric-profile.ts';
import { relativeError, uniformSource } from '../../test/vectors.ts';

const thousand = (seed: number): number[] => {
  const uniform = uniformSource(seed);
  return Array.from({ length: 1000 }, () => -Math.log(uniform()));
};
const countsOf = ({ below, counts, above, nulls }: NumericProfile) => [below.count, ...counts, above.count, nulls];

describe('bins of a reference', () => {
  test('hold equal shares of it', () => {
    expect(profileReference(thousand(3), 10).counts).toEqual(Array.from({ length: 10 }, () => 100));
  });

  test('of few distinct values are one for each, the least too', () => {
    const rows = [0, 0, 0, 7, 7, 2, null];
    expect(layBins(rows)).toEqual([0, 0, 2, 7]);
    expect(countsOf(profileReference(rows))).toEqual([0, 3, 1, 2, 0, 1]);
  });

  test('let a value that is frequent end a bin of its own', () => {
    const rows = [...Array.from({ length: 600 }, () => 0), ...thousand(5).slice(0, 400)];
    const { edges, counts } = profileReference(rows, 10);
    expect(edges.slice(0, 2)).toEqual([0, 0]);
    expect(counts).toEqual([600, 100, 100, 100, 100]);
  });

  test('are the same from rows and from counted values', () => {
    const rows = thousand(9).map((value) => Math.round(value * 50));
    const counted = [...new Set(rows)].map((value) => ({ value, count: rows.filter((other) => other === value).length }));
    const [plain, grouped] = [profileReference(rows), profileReference(counted)];
    expect(grouped.edges).toEqual(plain.edges);
    expect(countsOf(grouped)).toEqual(countsOf(plain));
    expect(relativeError(standardDeviation(grouped), standardDeviation(plain))).toBeLessThan(1e-12);
  });

  test('cannot be laid by nothing, by other numbers of bins, or by no numbers', () => {
    expect(() => layBins([null, null])).toThrow('None of the 2 rows at training has a value');
    expect(() => layBins([1, 2], 1)).toThrow('1 bins are asked for');
    expect(() => layBins([1, NaN])).toThrow('a value of the reference is NaN');
    expect(() => layBins([{ value: 1, count: 0.5 }])).toThrow('the count of the value 1 is 0.5');
  });
});

describe('a profile of numbers', () => {
  const edges = [0, 1, 2, 4];

  test('counts upper ends into their bins, and what lies outside beside them', () => {
    const profile = profileValues(edges, [-2, 0, 1, 1.5, 2, 3, 4, 9, null]);
    expect(countsOf(profile)).toEqual([1, 2, 2, 2, 1, 1]);
    expect(profile.below).toEqual({ count: 1, excess: 2 });
    expect(profile.above).toEqual({ count: 1, excess: 5 });
    expect(profile.excess).toEqual([1, 1.5, 3]);
  });

  test('merges by addition, in any order and after a journey as JSON', () => {
    const rows = thousand(21).map((value, index) => (index % 17 === 0 ? null : value));
    const whole = profileValues(edges, rows);
    const parts = [0, 1, 2].map((part) =>
      profileValues(
        edges,
        rows.filter((_row, index) => index % 3 === part),
      ),
    );
    const sent = parts.map((part) => JSON.parse(JSON.stringify(part)) as NumericProfile);
    for (const order of [sent, sent.toReversed()]) {
      const merged = order.reduce(mergeNumericProfiles, profileValues(edges, []));
      expect(countsOf(merged)).toEqual(countsOf(whole));
      merged.excess.forEach((sum, bin) => expect(relativeError(sum, whole.excess[bin] ?? NaN)).toBeLessThan(1e-12));
      expect(relativeError(standardDeviation(merged), standardDeviation(whole))).toBeLessThan(1e-12);
    }
  });

  test('is refused for other bins, for edges that do not rise, and for values that are no numbers', () => {
    expect(() => mergeNumericProfiles(profileValues(edges, [1]), profileValues([0, 1], [1]))).toThrow('different bins');
    expect(() => profileValues([2, 1], [])).toThrow('The edges 2, 1 bound no bins');
    expect(() => profileValues([1], [])).toThrow('bound no bins');
    expect(() => profileValues(edges, [Infinity])).toThrow('a value is Infinity');
    expect(() => profileValues(edges, [1e200, -1e200])).toThrow('so large that their squares overflow');
  });
});
