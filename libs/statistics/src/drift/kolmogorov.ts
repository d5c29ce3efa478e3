/** Where either series needs four terms for all digits. */
const SMALL = 1;
const TERMS = 4;

/** 1 - sqrt(2 pi)/x times the sum of exp(-(2k - 1)^2 pi^2/(8 x^2)). */
function belowOne(x: number): number {
  if (x <= 0) return 1;
  let sum = 0;
  for (let k = 1; k <= TERMS; k++) sum += Math.exp((-((2 * k - 1) ** 2) * Math.PI ** 2) / (8 * x * x));
  return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
}

/** P(K > x) for Kolmogorov's limiting distribution: 2 times the sum of (-1)^(k - 1) exp(-2 k^2 x^2); for small x by its theta dual. */
export function kolmogorovSurvival(x: number): number {
  if (x < SMALL) return belowOne(x);
  let sum = 0;
  for (let k = TERMS; k >= 1; k--) sum = Math.exp(-2 * k * k * x * x) - sum;
  return 2 * sum;
}
