import { compareProfiles, compareSamples } from './cdf-comparison.ts';
import { gapBand, measureKolmogorovSmirnov, measureWasserstein } from './cdf-distance.ts';
import { profileReference, profileValues } from './numeric-profile.ts';

const upTo = (n: number, scale = 1): number[] => Array.from({ length: n }, (_, index) => index * scale);

describe('distances of cumulative distributions', () => {
  test('of a shift by two units are two units, and at least what the band leaves of them', () => {
    const [reference, current] = [upTo(1000, 0.01), upTo(1000, 0.01).map((value) => value + 2)];
    const comparison = compareSamples(reference, current);
    const { statistic, effect, atLeast } = measureWasserstein(comparison, 4);
    expect(statistic).toBeCloseTo(2, 10);
    expect(effect).toBeCloseTo(0.5, 10);
    // The gap is 0.2 over eight units and falls to 0 over two at each side.
    const band = gapBand([1000, 1000], 0.001);
    expect(atLeast).toBeCloseTo((8 * (0.2 - band) + (0.2 - band) ** 2 / 0.1) / 4, 3);
    const gap = measureKolmogorovSmirnov(comparison);
    expect(gap.statistic).toBeCloseTo(0.2, 2);
    expect(gap.atLeast).toBeCloseTo(gap.statistic - band, 12);
  });

  test('of one outlier are no more than chance explains, however far out it is', () => {
    const current = [...upTo(999, 0.01), 1e9];
    const { effect, atLeast } = measureWasserstein(compareSamples(upTo(1000, 0.01), current), 3);
    expect(effect).toBeGreaterThan(1e5);
    expect(atLeast).toBe(0);
  });

  test('are found by profiles also where all values in serving lie outside of the bins', () => {
    const reference = profileReference(upTo(500));
    const comparison = compareProfiles(reference, profileValues(reference.edges, upTo(500, 1000)));
    expect(measureKolmogorovSmirnov(comparison).statistic).toBeGreaterThan(0.99);
    expect(measureWasserstein(comparison, 144).atLeast).toBeGreaterThan(1);
  });

  test('are 0 of samples with the same shares, whatever their sizes', () => {
    const comparison = compareSamples([1, 2, 2, 3], [1, 1, 2, 2, 2, 2, 3, 3]);
    expect(measureKolmogorovSmirnov(comparison)).toMatchObject({ statistic: 0, pValue: 1 });
    expect(measureWasserstein(comparison, 1).statistic).toBe(0);
  });

  test('are refused for an empty side, a value that is none, and a reference without a spread', () => {
    expect(() => compareSamples([], [1])).toThrow('There are 0 values at training and 1 in serving');
    expect(() => compareSamples([1], [NaN])).toThrow('a value in serving is NaN');
    expect(() => measureWasserstein(compareSamples([1], [2]), 0)).toThrow('All values at training are the same');
    expect(() => measureWasserstein(compareSamples([-1.7e308], [1.7e308]), 1)).toThrow('beyond double precision');
    const reference = profileReference([1, 2, 3]);
    expect(() => compareProfiles(reference, profileValues([0, 9], [1]))).toThrow('different bins');
    expect(() => compareProfiles(reference, profileValues(reference.edges, [null]))).toThrow('3 values at training and 0 in serving');
  });
});
