import { bucketRanges, chooseVariant } from './bucket-ranges.ts';

describe('bucket ranges, as in GrowthBook', () => {
  test('equal weights are the default', () => {
    expect(bucketRanges(2)).toEqual([
      [0, 0.5],
      [0.5, 1],
    ]);
    expect(bucketRanges(4)).toEqual([
      [0, 0.25],
      [0.25, 0.5],
      [0.5, 0.75],
      [0.75, 1],
    ]);
  });

  test('coverage takes the first part of each variant’s stretch', () => {
    expect(bucketRanges(2, 0.5)).toEqual([
      [0, 0.25],
      [0.5, 0.75],
    ]);
    expect(bucketRanges(2, 0)).toEqual([
      [0, 0],
      [0.5, 0.5],
    ]);
  });

  test('uneven weights with coverage', () => {
    expect(bucketRanges(2, 0.5, [0.4, 0.6])).toEqual([
      [0, 0.2],
      [0.4, 0.7],
    ]);
    expect(bucketRanges(3, 0.2, [0.2, 0.3, 0.5])).toEqual([
      [0, 0.2 * 0.2],
      [0.2, 0.2 + 0.2 * 0.3],
      [0.5, 0.5 + 0.2 * 0.5],
    ]);
  });

  test('faulty coverage and weights are replaced', () => {
    const halves = [
      [0, 0.5],
      [0.5, 1],
    ];
    expect(bucketRanges(2, 1.5)).toEqual(halves);
    expect(bucketRanges(2, 1, [0.4, 0.1])).toEqual(halves);
    expect(bucketRanges(2, 1, [0.7, 0.6])).toEqual(halves);
    expect(bucketRanges(2, 1, [0.4, 0.4, 0.2])).toEqual(halves);
    expect(bucketRanges(2, -0.2)).toEqual([
      [0, 0],
      [0.5, 0.5],
    ]);
    expect(bucketRanges(2, 1, [0.4, 0.5999])).toEqual([
      [0, 0.4],
      [0.4, 0.9999],
    ]);
  });

  test('a range holds its start and not its end', () => {
    const ranges = bucketRanges(2, 0.5);
    expect([0, 0.2499, 0.25, 0.5, 0.7499, 0.75].map((number) => chooseVariant(number, ranges))).toEqual([0, 0, -1, 1, 1, -1]);
  });
});
