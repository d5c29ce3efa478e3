import { StatisticsError } from './errors.ts';
import { deviance, stirlingError } from './log-gamma.ts';

const SQRT_PI = 1.772453850905516;
const TWO_PI = 2 * Math.PI;
const EPSILON = Number.EPSILON;
/** Continued fractions need about the square root of their parameters; this bound is met beyond 1e10 only. */
const MOST_TERMS = 1_000_000;
/** Stands for a zero denominator in Lentz's method. */
const TINY = 1e-300;

function notConverged(name: string): StatisticsError {
  return new StatisticsError('out-of-range', `${name} did not converge: its parameters are too large for double precision.`);
}

/** exp(-x^2), with x^2 split so that its rounding does not reach the exponent. */
function expMinusSquare(x: number): number {
  const coarse = Math.trunc(x * 16) / 16;
  return Math.exp(-coarse * coarse) * Math.exp(-(x - coarse) * (x + coarse));
}

/** erf by its series without alternating signs: 2x/sqrt(pi) exp(-x^2) sum of (2x^2)^k/(2k+1)!! (Abramowitz & Stegun 7.1.6). */
function erfSeries(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * EPSILON; k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return ((2 * x) / SQRT_PI) * expMinusSquare(x) * sum;
}

/** erfc for x >= 2 by its continued fraction 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))) (Abramowitz & Stegun 7.1.14). */
function erfcFraction(x: number): number {
  let value = x;
  let c = x;
  let d = 0;
  for (let k = 1; k < MOST_TERMS; k++) {
    d = 1 / (x + (k / 2) * d);
    c = x + k / 2 / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < EPSILON) break;
  }
  return expMinusSquare(x) / (SQRT_PI * value);
}

/** Error function, to about 1e-15 relative. */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  return x < 2 ? erfSeries(x) : 1 - erfc(x);
}

/** 1 - erf(x), to about 1e-14 relative until it underflows at x = 27. */
export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  if (x < 2) return 1 - erfSeries(x);
  return x > 28 ? 0 : erfcFraction(x);
}

/** x^a e^-x / gamma(a), by Stirling's error and the deviance so that large a and x near a keep their digits. */
export function gammaKernel(a: number, x: number): number {
  return Math.sqrt(a / TWO_PI) * Math.exp(-deviance(a, x) - stirlingError(a));
}

function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; k < MOST_TERMS; k++) {
    term *= x / (a + k);
    sum += term;
    if (term < sum * EPSILON) return gammaKernel(a, x) * sum;
  }
  throw notConverged('The incomplete gamma function');
}

function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let value = d;
  for (let k = 1; k < MOST_TERMS; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b || TINY);
    c = b + numerator / c || TINY;
    value *= c * d;
    if (Math.abs(c * d - 1) < EPSILON) return gammaKernel(a, x) * value;
  }
  throw notConverged('The incomplete gamma function');
}

/** P(a, x): the regularised lower incomplete gamma function, a > 0, x >= 0 (Abramowitz & Stegun 6.5). */
export function lowerGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  if (x === Infinity) return 1;
  return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x);
}

/** Q(a, x) = 1 - P(a, x), without cancellation in the upper tail. */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x);
}

/** x^a y^b / B(a, b) for x + y = 1, by Stirling's errors and deviances (see gammaKernel). */
export function betaKernel(a: number, b: number, x: number, y: number): number {
  const n = a + b;
  const exponent = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y);
  return Math.sqrt((a / TWO_PI) * (b / n)) * Math.exp(exponent);
}

/**
 * The continued fraction of I_x(a, b) divided by its kernel: the even part of Abramowitz & Stegun 26.5.8 in the form of
 * Didonato & Morris (1992), whose terms take y as well as x and so lose nothing when x is near 1. Lentz's method.
 */
function betaFraction(a: number, b: number, x: number, y: number): number {
  const lambda = a * y - b * x + 1;
  let value = (a * lambda) / (a + 1) || TINY;
  let c = value;
  let d = 0;
  for (let m = 1; m < MOST_TERMS; m++) {
    const odd = a + 2 * m - 1;
    const numerator = m * (b - m) * x * x * ((a + m - 1) / odd) * ((a + b + m - 1) / odd);
    const term = m + (m * (b - m) * x) / odd + ((a + m) / (odd + 2)) * (lambda + m * (1 + y));
    d = 1 / (term + numerator * d || TINY);
    c = term + numerator / c || TINY;
    value *= c * d;
    if (Math.abs(c * d - 1) < EPSILON) return 1 / value;
  }
  throw notConverged('The incomplete beta function');
}

/**
 * I_x(a, b): the regularised incomplete beta function. `y` is 1 - x and is asked for, because near 1 the caller
 * knows it better than 1 - x does. The upper tail is `regularizedBeta(b, a, y, x)`.
 */
export function regularizedBeta(a: number, b: number, x: number, y: number = 1 - x): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaKernel(b, a, y, x) * betaFraction(b, a, y, x);
  return betaKernel(a, b, x, y) * betaFraction(a, b, x, y);
}
