import { logGamma } from './log-gamma.ts';
import { erf, erfc, lowerGamma, regularizedBeta, upperGamma } from './special.ts';
import { disagreements, readVectors } from '../test/vectors.ts';

interface At {
  readonly x: number;
  readonly value: number;
}
interface Tails {
  readonly a: number;
  readonly b: number;
  readonly x: number;
  readonly lower: number;
  readonly upper: number;
}
interface SpecialVectors {
  readonly erf: At[];
  readonly erfc: At[];
  readonly logGamma: At[];
  readonly incompleteGamma: Tails[];
  readonly incompleteBeta: Tails[];
}

const vectors = readVectors<SpecialVectors>('special');
/** Half of the doubles' digits are not in question here: what is left is rounding of the exponent in far tails. */
const TOLERANCE = 1e-12;

describe('special functions against 50-digit arithmetic', () => {
  test('the error function agrees at all magnitudes', () => {
    expect(disagreements(vectors.erf, ({ x, value }) => [erf(x), value], 1e-14)).toEqual([]);
  });

  test('the complementary error function keeps its relative precision down to 1e-295', () => {
    expect(disagreements(vectors.erfc, ({ x, value }) => [erfc(x), value], 1e-13)).toEqual([]);
  });

  test('log-gamma keeps its relative precision also next to its zeros 1 and 2', () => {
    expect(disagreements(vectors.logGamma, ({ x, value }) => [logGamma(x), value], 4e-15)).toEqual([]);
  });

  test('both tails of the incomplete gamma function agree', () => {
    expect(disagreements(vectors.incompleteGamma, ({ a, x, lower }) => [lowerGamma(a, x), lower], TOLERANCE)).toEqual([]);
    expect(disagreements(vectors.incompleteGamma, ({ a, x, upper }) => [upperGamma(a, x), upper], TOLERANCE)).toEqual([]);
  });

  test('both tails of the incomplete beta function agree', () => {
    expect(disagreements(vectors.incompleteBeta, ({ a, b, x, lower }) => [regularizedBeta(a, b, x), lower], TOLERANCE)).toEqual([]);
    expect(disagreements(vectors.incompleteBeta, ({ a, b, x, upper }) => [regularizedBeta(b, a, 1 - x, x), upper], TOLERANCE)).toEqual([]);
  });
});

describe('closed forms', () => {
  test('gamma of whole numbers is a factorial', () => {
    expect([3, 4, 5, 6, 11].map((x) => Math.round(Math.exp(logGamma(x))))).toEqual([2, 6, 24, 120, 3628800]);
  });

  test('the incomplete beta function of (a, 1) is a power and of (1/2, 1/2) an arcsine', () => {
    expect(regularizedBeta(7, 1, 0.3)).toBeCloseTo(0.3 ** 7, 15);
    expect(regularizedBeta(0.5, 0.5, 0.3)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(0.3)), 14);
  });

  test('the ends of the range are exact', () => {
    expect([
      regularizedBeta(2, 3, 0),
      regularizedBeta(2, 3, 1),
      lowerGamma(2, 0),
      upperGamma(2, Infinity),
      erfc(100),
      erf(-0.5) + erf(0.5),
    ]).toEqual([0, 1, 0, 0, 0, 0]);
  });

  test('log-gamma of zero or less is refused with a reason', () => {
    expect(() => logGamma(0)).toThrow('the argument of log-gamma is 0, but it has to be a finite number above 0.');
  });
});
