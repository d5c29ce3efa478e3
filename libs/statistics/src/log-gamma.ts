import { requirePositive } from './errors.ts';

const ONE_MINUS_EULER = 0.42278433509846714;
const HALF_LOG_TWO_PI = 0.9189385332046728;
/** zeta(k) - 1 for k = 2, 3, …; enough terms for |z| <= 1/2, where each is worth a quarter of the one before. */
const ZETA_MINUS_ONE = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914, 0.008349277381922827,
  0.004077356197944339, 0.0020083928260822144, 0.0009945751278180853, 0.0004941886041194646, 0.0002460865533080483, 0.00012271334757848915,
  6.124813505870483e-5, 3.0588236307020493e-5, 1.5282259408651872e-5, 7.637197637899762e-6, 3.81729326499984e-6, 1.908212716553939e-6,
  9.539620338727961e-7, 4.769329867878064e-7, 2.38450502727733e-7, 1.1921992596531107e-7, 5.960818905125948e-8, 2.980350351465228e-8,
  1.4901554828365043e-8, 7.450711789835429e-9,
];
/** Bernoulli numbers B(2k)/(2k(2k-1)): Stirling's series, below 1e-17 after these from x = 10 on. */
const STIRLING_SERIES = [
  1 / 12,
  -1 / 360,
  1 / 1260,
  -1 / 1680,
  1 / 1188,
  -0.0019175269175269176,
  1 / 156,
  -0.029550653594771242,
  0.17964437236883057,
];
const STIRLING_FROM = 10;

/** ln gamma(2 + z) for |z| <= 1/2: (1 - euler) z + sum over k >= 2 of (zeta(k) - 1)(-z)^k / k. Exact in relative terms at its zero z = 0. */
function logGammaAroundTwo(z: number): number {
  let sum = ONE_MINUS_EULER * z;
  let power = -z;
  ZETA_MINUS_ONE.forEach((zeta, index) => {
    power *= -z;
    sum += (zeta * power) / (index + 2);
  });
  return sum;
}

function stirlingSeries(x: number): number {
  const inverseSquare = 1 / (x * x);
  let sum = 0;
  for (let i = STIRLING_SERIES.length - 1; i >= 0; i--) sum = sum * inverseSquare + STIRLING_SERIES[i]!;
  return sum / x;
}

/** ln gamma(x) for x > 0, to about 1e-15 relative, also near its zeros 1 and 2. */
export function logGamma(x: number): number {
  requirePositive(x, 'the argument of log-gamma');
  if (x >= STIRLING_FROM) return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + stirlingSeries(x);
  if (x < 0.5) return logGamma(x + 1) - Math.log(x);
  if (x < 1.5) return logGammaAroundTwo(x - 1) - Math.log1p(x - 1);
  let product = 1;
  let reduced = x;
  while (reduced > 2.5) product *= --reduced;
  return logGammaAroundTwo(reduced - 2) + Math.log(product);
}

/** What Stirling's formula leaves: ln gamma(x) - ((x - 1/2) ln x - x + ln(2 pi)/2), in absolute terms to about 1e-15. */
export function stirlingError(x: number): number {
  if (x >= STIRLING_FROM) return stirlingSeries(x);
  return logGamma(x) - ((x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI);
}

/**
 * Deviance x ln(x/m) + m - x >= 0 without the cancellation near x = m (Loader 2000, "Fast and accurate computation of
 * binomial probabilities"). With v = (x - m)/(x + m), ln(x/m) = 2 (v + v^3/3 + v^5/5 + …).
 */
export function deviance(x: number, mean: number): number {
  if (x === 0) return mean;
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - difference;
  const v = difference / (x + mean);
  let sum = difference * v;
  let power = 2 * x * v;
  for (let odd = 3; ; odd += 2) {
    power *= v * v;
    const next = sum + power / odd;
    if (next === sum) return sum;
    sum = next;
  }
}
