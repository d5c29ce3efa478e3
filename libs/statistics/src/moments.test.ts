import {
  addPair,
  addValue,
  mergeMoments,
  mergePairMoments,
  momentsFromSums,
  NO_MOMENTS,
  NO_PAIR_MOMENTS,
  pairMomentsFromSums,
  type Moments,
} from './moments.ts';
import { relativeError, uniformSource } from '../test/vectors.ts';

const foldValues = (values: readonly number[]): Moments => values.reduce(addValue, NO_MOMENTS);

function sumsOf(values: readonly number[]): { n: number; sum: number; sumSquares: number } {
  return { n: values.length, sum: values.reduce((a, b) => a + b, 0), sumSquares: values.reduce((a, b) => a + b * b, 0) };
}

describe('moments of one column', () => {
  test('nothing, one value and equal values have no spread', () => {
    expect(NO_MOMENTS).toEqual({ n: 0, mean: 0, m2: 0 });
    expect(foldValues([7])).toMatchObject({ n: 1, mean: 7, m2: 0 });
    expect(foldValues([0.1, 0.1, 0.1])).toMatchObject({ n: 3, mean: 0.1, m2: 0 });
  });

  test('small whole numbers give exact moments', () => {
    expect(foldValues([2, 4, 4, 4, 5, 5, 7, 9])).toMatchObject({ n: 8, mean: 5, m2: 32 });
  });

  test('merging with nothing changes nothing, on either side', () => {
    const some = foldValues([1, 2, 4]);
    expect(mergeMoments(some, NO_MOMENTS)).toEqual(some);
    expect(mergeMoments(NO_MOMENTS, some)).toEqual(some);
  });

  test('shards merged in any order agree with the whole to 1e-12, however far the mean is from zero', () => {
    const uniform = uniformSource(11);
    const values = Array.from({ length: 5000 }, () => 1e6 + uniform());
    const shards = Array.from({ length: 7 }, (_, shard) => foldValues(values.filter((_value, i) => i % 7 === shard)));
    const whole = foldValues(values);
    const forward = shards.reduce(mergeMoments, NO_MOMENTS);
    const backward = shards.reduceRight((merged, shard) => mergeMoments(shard, merged), NO_MOMENTS);
    const centred = foldValues(values.map((value) => value - 1e6));
    expect(forward.n).toBe(5000);
    expect(relativeError(forward.mean, whole.mean)).toBeLessThan(1e-14);
    // The values themselves are rounded at 1e6, to 1e-10 of their spread; the moments may not add to it.
    for (const merged of [whole, forward, backward]) expect(relativeError(merged.m2, centred.m2)).toBeLessThan(1e-9);
    expect(relativeError(forward.m2, backward.m2)).toBeLessThan(1e-9);
  });

  test('a value that is not a number is refused before it spoils everything', () => {
    expect(() => addValue(NO_MOMENTS, Number.NaN)).toThrow('a value is NaN, but it has to be a finite number.');
  });
});

describe('moments from raw sums', () => {
  test('sums that are exact lose nothing, where plain subtraction loses every digit', () => {
    // Seven values near 30 million, one of them 1 more: every sum is a whole number below 2^53, and the true m2 is 6/7.
    const sums = { n: 7, sum: 7 * 30_000_000 + 1, sumSquares: 6 * 30_000_000 ** 2 + 30_000_001 ** 2 };
    expect(Number.isSafeInteger(sums.sumSquares)).toBe(true);
    expect(relativeError(momentsFromSums(sums).m2, 6 / 7)).toBeLessThan(1e-15);
    expect(relativeError(sums.sumSquares - (sums.sum * sums.sum) / 7, 6 / 7)).toBeGreaterThan(0.1);
  });

  test('agrees with one value at a time', () => {
    const values = [0, 1, 4, 4, 0, 0, 1, 0, 4];
    const [fromSums, folded] = [momentsFromSums(sumsOf(values)), foldValues(values)];
    expect(relativeError(fromSums.m2, folded.m2)).toBeLessThan(1e-14);
    expect(relativeError(fromSums.mean, folded.mean)).toBeLessThan(1e-14);
  });

  test('rounding below zero is no variance, a real deficit is refused', () => {
    expect(momentsFromSums({ n: 10, sum: 1, sumSquares: 0.1 - 1e-17 })).toMatchObject({ n: 10, mean: 0.1, m2: 0 });
    expect(() => momentsFromSums({ n: 10, sum: 100, sumSquares: 500 })).toThrow(
      '10 values with the sum 100 have a sum of squares of at least 1000, but it is given as 500.',
    );
  });

  test('no values have no sums, and a count is whole', () => {
    expect(momentsFromSums({ n: 0, sum: 0, sumSquares: 0 })).toEqual(NO_MOMENTS);
    expect(() => momentsFromSums({ n: 0, sum: 1, sumSquares: 1 })).toThrow('0 values have sums of 0');
    expect(() => momentsFromSums({ n: 1.5, sum: 1, sumSquares: 1 })).toThrow('n is 1.5');
  });

  test('sums that overflow are refused', () => {
    expect(() => momentsFromSums({ n: 2, sum: 1e200, sumSquares: 1e308 })).toThrow('their products overflow');
  });
});

describe('moments with a covariate', () => {
  const rows: readonly (readonly [number, number])[] = [
    [1, 2],
    [3, 1],
    [4, 6],
    [9, 5],
    [2, 2],
  ];
  const fold = (some: typeof rows): typeof NO_PAIR_MOMENTS => some.reduce((moments, [y, x]) => addPair(moments, y, x), NO_PAIR_MOMENTS);

  test('adding, merging and raw sums agree on the cross moment', () => {
    const whole = fold(rows);
    const merged = mergePairMoments(fold(rows.slice(0, 2)), fold(rows.slice(2)));
    const [ys, xs] = [rows.map(([y]) => y), rows.map(([, x]) => x)];
    const products = rows.reduce((sum, [y, x]) => sum + y * x, 0);
    const fromSums = pairMomentsFromSums(sumsOf(ys), sumsOf(xs), products);
    // By hand: the sum of products is 78, the sums 19 and 16, so 78 - 19*16/5 = 17.2.
    for (const pair of [whole, merged, fromSums]) {
      expect(pair.n).toBe(5);
      expect(pair.cross).toBeCloseTo(17.2, 12);
      expect(pair.covariate.m2).toBeCloseTo(18.8, 12);
    }
  });

  test('merging with nothing changes nothing', () => {
    const whole = fold(rows);
    expect(mergePairMoments(whole, NO_PAIR_MOMENTS)).toEqual(whole);
    expect(mergePairMoments(NO_PAIR_MOMENTS, whole)).toEqual(whole);
  });

  test('a correlation above 1 and different counts are refused', () => {
    const column = sumsOf([1, 2, 3]);
    expect(() => pairMomentsFromSums(column, column, 100)).toThrow(
      'The centred sum of products is 88, but with these sums of squares none can exceed 2',
    );
    expect(() => pairMomentsFromSums(column, sumsOf([1, 2]), 3)).toThrow('The outcome has 3 units and its covariate 2');
    expect(pairMomentsFromSums(sumsOf([]), sumsOf([]), 0)).toEqual(NO_PAIR_MOMENTS);
  });
});
