import { requireCount, requirePositive, requireProbability, StatisticsError } from './errors.ts';
import { solveTail } from './quantile.ts';
import { betaKernel, erfc, gammaKernel, lowerGamma, regularizedBeta, upperGamma } from './special.ts';

const SQRT_HALF = Math.SQRT1_2;
const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
/** A quantile far out in one tail is found from that tail's own probability, never from 1 minus it. */
type Tail = 'lower' | 'upper';

function requireInside(probability: number, where: string): void {
  requireProbability(probability, 'the probability');
  if (probability > 0 && probability < 1) return;
  throw new StatisticsError(
    'invalid-input',
    `The quantile of ${where} at ${probability} is unbounded; ask for a probability inside (0, 1).`,
  );
}

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / SQRT_TWO_PI;
}

/** P(Z <= x). */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x * SQRT_HALF);
}

/** P(Z > x), to about 1e-14 relative in the tail. */
export function normalSurvival(x: number): number {
  return 0.5 * erfc(x * SQRT_HALF);
}

/** The x with P(Z <= x) = p, for p inside (0, 1). */
export function normalQuantile(p: number): number {
  requireInside(p, 'the normal distribution');
  return p <= 0.5 ? -normalUpperHalf(p) : normalUpperHalf(1 - p);
}

/** The x with P(Z > x) = q: `normalQuantile(1 - q)` without the loss of digits for small q. */
export function normalUpperQuantile(q: number): number {
  return -normalQuantile(q);
}

/** For q <= 1/2: a start by Abramowitz & Stegun 26.2.23 (error below 4.5e-4), then Newton. */
function normalUpperHalf(q: number): number {
  if (q === 0.5) return 0;
  const t = Math.sqrt(-2 * Math.log(q));
  const start = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return solveTail((x) => ({ tail: normalSurvival(x), slope: -normalDensity(x) }), q, start);
}

function normalOf(side: Tail, probability: number): number {
  return side === 'lower' ? normalQuantile(probability) : normalUpperQuantile(probability);
}

/** P(T > t) for t >= 0. */
function studentTail(t: number, df: number): number {
  const square = t * t;
  if (square === Infinity) return 0;
  const total = df + square;
  return 0.5 * regularizedBeta(df / 2, 0.5, df / total, square / total);
}

/** P(T <= t) for Student's t with df > 0 degrees of freedom, not necessarily whole. */
export function studentCdf(t: number, df: number): number {
  return studentSurvival(-t, df);
}

/** P(T > t), precise in the tail. */
export function studentSurvival(t: number, df: number): number {
  requirePositive(df, 'the degrees of freedom');
  return t >= 0 ? studentTail(t, df) : 1 - studentTail(-t, df);
}

/** The t with P(T <= t) = p, for p inside (0, 1). */
export function studentQuantile(p: number, df: number): number {
  requireInside(p, 'Student’s t distribution');
  requirePositive(df, 'the degrees of freedom');
  return p <= 0.5 ? -studentUpperHalf(p, df) : studentUpperHalf(1 - p, df);
}

/** The t with P(T > t) = q. */
export function studentUpperQuantile(q: number, df: number): number {
  return -studentQuantile(q, df);
}

/** With t = sqrt(df) sinh u the tail is close to exp(-df u) for any df, and x = 1/cosh(u)^2, y = tanh(u)^2 are both exact. */
function studentUpperHalf(q: number, df: number): number {
  if (q === 0.5) return 0;
  const tailAt = (u: number): { tail: number; slope: number } => {
    const y = Math.tanh(u) ** 2;
    const x = 1 / Math.cosh(u) ** 2;
    return { tail: 0.5 * regularizedBeta(df / 2, 0.5, x, y), slope: -betaKernel(df / 2, 0.5, x, y) / Math.tanh(u) };
  };
  return Math.sqrt(df) * Math.sinh(solveTail(tailAt, q, Math.asinh(normalUpperHalf(q) / Math.sqrt(df))));
}

/** P(X <= x) for chi-square with df > 0 degrees of freedom. */
export function chiSquareCdf(x: number, df: number): number {
  requirePositive(df, 'the degrees of freedom');
  return lowerGamma(df / 2, x / 2);
}

/** P(X > x). */
export function chiSquareSurvival(x: number, df: number): number {
  requirePositive(df, 'the degrees of freedom');
  return upperGamma(df / 2, x / 2);
}

/** The x with P(X <= x) = p. */
export function chiSquareQuantile(p: number, df: number): number {
  requireInside(p, 'the chi-square distribution');
  return p <= 0.5 ? chiSquareAt('lower', p, df) : chiSquareAt('upper', 1 - p, df);
}

/** The x with P(X > x) = q. */
export function chiSquareUpperQuantile(q: number, df: number): number {
  requireInside(q, 'the chi-square distribution');
  return q <= 0.5 ? chiSquareAt('upper', q, df) : chiSquareAt('lower', 1 - q, df);
}

/** In u = ln x both tails are log-concave; the start is the normal approximation. */
function chiSquareAt(side: Tail, probability: number, df: number): number {
  requirePositive(df, 'the degrees of freedom');
  const a = df / 2;
  const tailAt = (u: number): { tail: number; slope: number } => {
    const x = Math.exp(u);
    const slope = gammaKernel(a, x);
    return side === 'lower' ? { tail: lowerGamma(a, x), slope } : { tail: upperGamma(a, x), slope: -slope };
  };
  return 2 * Math.exp(solveTail(tailAt, probability, Math.log(a) + normalOf(side, probability) / Math.sqrt(a)));
}

function requireShape(a: number, b: number): void {
  requirePositive(a, 'the first shape of the beta distribution');
  requirePositive(b, 'the second shape of the beta distribution');
}

/** P(X <= x) for the beta distribution with shapes a, b > 0. */
export function betaCdf(x: number, a: number, b: number): number {
  requireShape(a, b);
  return regularizedBeta(a, b, x, 1 - x);
}

/** P(X > x). */
export function betaSurvival(x: number, a: number, b: number): number {
  requireShape(a, b);
  return regularizedBeta(b, a, 1 - x, x);
}

/** The x with P(X <= x) = p. */
export function betaQuantile(p: number, a: number, b: number): number {
  requireInside(p, 'the beta distribution');
  return p <= 0.5 ? betaAt('lower', p, a, b) : betaAt('upper', 1 - p, a, b);
}

/** The x with P(X > x) = q. */
export function betaUpperQuantile(q: number, a: number, b: number): number {
  requireInside(q, 'the beta distribution');
  return q <= 0.5 ? betaAt('upper', q, a, b) : betaAt('lower', 1 - q, a, b);
}

/** In u = ln(x/(1 - x)) both tails are log-concave and both x and 1 - x are exact; the start is the normal approximation. */
function betaAt(side: Tail, probability: number, a: number, b: number): number {
  requireShape(a, b);
  const tailAt = (u: number): { tail: number; slope: number } => {
    const x = 1 / (1 + Math.exp(-u));
    const y = 1 / (1 + Math.exp(u));
    const slope = betaKernel(a, b, x, y);
    return side === 'lower' ? { tail: regularizedBeta(a, b, x, y), slope } : { tail: regularizedBeta(b, a, y, x), slope: -slope };
  };
  const start = Math.log(a / b) + normalOf(side, probability) * Math.sqrt(1 / a + 1 / b);
  return 1 / (1 + Math.exp(-solveTail(tailAt, probability, start)));
}

function requireTrials(n: number, p: number): void {
  requireCount(n, 'the number of trials');
  requireProbability(p, 'the probability of success');
}

/** P(K = k) of k successes in n trials, by the saddle point (Loader 2000). */
export function binomialProbability(k: number, n: number, p: number): number {
  requireTrials(n, p);
  if (!Number.isInteger(k) || k < 0 || k > n) return 0;
  if (p === 0 || p === 1) return k === n * p ? 1 : 0;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  return (betaKernel(k, n - k, p, 1 - p) * n) / (k * (n - k));
}

/** P(K <= k). */
export function binomialCdf(k: number, n: number, p: number): number {
  requireTrials(n, p);
  const whole = Math.floor(k);
  if (whole < 0) return 0;
  return whole >= n ? 1 : regularizedBeta(n - whole, whole + 1, 1 - p, p);
}

/** P(K > k). */
export function binomialSurvival(k: number, n: number, p: number): number {
  requireTrials(n, p);
  const whole = Math.floor(k);
  if (whole < 0) return 1;
  return whole >= n ? 0 : regularizedBeta(whole + 1, n - whole, p, 1 - p);
}

/** The smallest k with P(K <= k) >= probability. */
export function binomialQuantile(probability: number, n: number, p: number): number {
  requireProbability(probability, 'the probability');
  requireTrials(n, p);
  let below = -1;
  let high = n;
  while (high - below > 1) {
    const middle = Math.floor((below + high) / 2);
    if (binomialCdf(middle, n, p) >= probability) high = middle;
    else below = middle;
  }
  return high;
}
