import * as distributions from './distributions.ts';
import { disagreements, readVectors, relativeError } from '../test/vectors.ts';

interface DistributionVectors {
  readonly normal: { x: number; cdf: number; survival: number }[];
  readonly normalQuantile: { p: number; x: number }[];
  readonly student: { t: number; df: number; survival: number }[];
  readonly studentQuantile: { p: number; df: number; t: number }[];
  readonly chiSquare: { x: number; df: number; lower: number; upper: number }[];
  readonly chiSquareQuantile: { p: number; df: number; x: number }[];
  readonly betaQuantile: { p: number; a: number; b: number; x: number }[];
  readonly binomial: { k: number; n: number; p: number; probability: number; survival: number }[];
  readonly binomialQuantile: { q: number; n: number; p: number; k: number }[];
}

const vectors = readVectors<DistributionVectors>('distributions');
const TOLERANCE = 1e-12;

describe('distributions against mpmath and scipy', () => {
  test('the normal distribution agrees to the far tails', () => {
    expect(disagreements(vectors.normal, ({ x, cdf }) => [distributions.normalCdf(x), cdf], TOLERANCE)).toEqual([]);
    expect(disagreements(vectors.normal, ({ x, survival }) => [distributions.normalSurvival(x), survival], TOLERANCE)).toEqual([]);
    expect(disagreements(vectors.normalQuantile, ({ p, x }) => [distributions.normalQuantile(p), x], 1e-14)).toEqual([]);
  });

  test('Student’s t agrees for few, broken and very many degrees of freedom', () => {
    expect(disagreements(vectors.student, ({ t, df, survival }) => [distributions.studentSurvival(t, df), survival], TOLERANCE)).toEqual(
      [],
    );
    expect(disagreements(vectors.student, ({ t, df, survival }) => [distributions.studentCdf(-t, df), survival], TOLERANCE)).toEqual([]);
    expect(disagreements(vectors.studentQuantile, ({ p, df, t }) => [distributions.studentQuantile(p, df), t], TOLERANCE)).toEqual([]);
  });

  test('chi-square agrees in both tails', () => {
    expect(disagreements(vectors.chiSquare, ({ x, df, lower }) => [distributions.chiSquareCdf(x, df), lower], TOLERANCE)).toEqual([]);
    expect(disagreements(vectors.chiSquare, ({ x, df, upper }) => [distributions.chiSquareSurvival(x, df), upper], TOLERANCE)).toEqual([]);
    expect(disagreements(vectors.chiSquareQuantile, ({ p, df, x }) => [distributions.chiSquareQuantile(p, df), x], TOLERANCE)).toEqual([]);
  });

  test('beta quantiles agree', () => {
    expect(disagreements(vectors.betaQuantile, ({ p, a, b, x }) => [distributions.betaQuantile(p, a, b), x], TOLERANCE)).toEqual([]);
  });

  test('the binomial distribution agrees with the sum of its terms', () => {
    const { binomial, binomialQuantile } = vectors;
    expect(
      disagreements(binomial, ({ k, n, p, probability }) => [distributions.binomialProbability(k, n, p), probability], TOLERANCE),
    ).toEqual([]);
    expect(disagreements(binomial, ({ k, n, p, survival }) => [distributions.binomialSurvival(k, n, p), survival], TOLERANCE)).toEqual([]);
    expect(binomialQuantile.filter(({ q, n, p, k }) => distributions.binomialQuantile(q, n, p) !== k)).toEqual([]);
  });
});

describe('quantiles', () => {
  const tails = [1e-250, 1e-30, 1e-5, 0.2, 0.5, 0.8];

  test.each(tails)('an upper quantile at %d gives back its probability', (q) => {
    const given: readonly [number, number][] = [
      [distributions.normalSurvival(distributions.normalUpperQuantile(q)), q],
      [distributions.studentSurvival(distributions.studentUpperQuantile(q, 2.5), 2.5), q],
      [distributions.studentSurvival(distributions.studentUpperQuantile(q, 1e7), 1e7), q],
      [distributions.chiSquareSurvival(distributions.chiSquareUpperQuantile(q, 3), 3), q],
      [distributions.chiSquareSurvival(distributions.chiSquareUpperQuantile(q, 1e6), 1e6), q],
    ];
    // A quantile rounded to a double moves a tail of 1e-250 by 1e-13 of itself; a million degrees of freedom by a thousand times that.
    expect(given.filter(([back, asked]) => relativeError(back, asked) > 1e-9)).toEqual([]);
  });

  test('an upper beta quantile is the mirrored lower one', () => {
    expect(distributions.betaUpperQuantile(1e-6, 3, 50)).toBeCloseTo(1 - distributions.betaQuantile(1e-6, 50, 3), 14);
    expect(distributions.betaSurvival(0.25, 3, 50)).toBeCloseTo(1 - distributions.betaCdf(0.25, 3, 50), 14);
  });

  test('an unbounded quantile is refused, not answered with Infinity', () => {
    expect(() => distributions.normalQuantile(1)).toThrow('The quantile of the normal distribution at 1 is unbounded');
    expect(() => distributions.studentQuantile(0, 5)).toThrow('unbounded');
    expect(() => distributions.chiSquareQuantile(Number.NaN, 5)).toThrow('the probability is NaN');
  });

  test('degrees of freedom of zero are refused', () => {
    expect(() => distributions.studentCdf(1, 0)).toThrow('the degrees of freedom is 0, but it has to be a finite number above 0.');
  });
});

describe('closed forms', () => {
  test('Student’s t with one degree of freedom is Cauchy’s distribution', () => {
    expect(distributions.studentCdf(1, 1)).toBeCloseTo(0.75, 14);
    expect(distributions.studentSurvival(1e12, 1) * Math.PI * 1e12).toBeCloseTo(1, 12);
  });

  test('chi-square with two degrees of freedom is exponential', () => {
    expect(relativeError(distributions.chiSquareSurvival(400, 2), Math.exp(-200))).toBeLessThan(1e-12);
  });

  test('no and certain success leave nothing to chance', () => {
    expect([
      distributions.binomialProbability(0, 5, 0),
      distributions.binomialProbability(5, 5, 1),
      distributions.binomialCdf(4, 5, 1),
    ]).toEqual([1, 1, 0]);
    expect([
      distributions.binomialProbability(2.5, 5, 0.5),
      distributions.binomialCdf(-1, 5, 0.5),
      distributions.binomialSurvival(5, 5, 0.5),
    ]).toEqual([0, 0, 0]);
  });
});
