/**
 * Exact sums: every value is rounded to 1e-6 and kept as a whole number of millionths, so that adding is exact and the result is
 * the same, bit for bit, whatever the order of arrival and however the parts were merged.
 */

/** Millionths: fine enough for features, coarse enough that sums of large values stay exact. */
export const SCALE = 1_000_000;

/** Values beyond this are refused: no measured quantity is as large, and further on millionths mean nothing to a double. */
export const LARGEST_VALUE = 1e15;

/** A whole number: a number while it is exact as one, else a bigint. */
export type ExactSum = number | bigint;

/**
 * The nearest millionth; beyond 9e9, where a double is coarser than that, what the multiplication of doubles gives: the same on every
 * machine, and within 2⁻⁵² of the value. Halves go away from zero, as SQL rounds, so that an independent recomputation agrees. Never −0.
 */
export function toMillionths(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value * SCALE)) + 0;
}

/** Adds without rounding. The result is a number exactly when it can be, so that equal sums look equal. */
export function addExactly(a: ExactSum, b: ExactSum): ExactSum {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return toExact(BigInt(a) + BigInt(b));
}

/** The square of a whole number, without rounding. */
export function squareExactly(a: number): ExactSum {
  const square = a * a;
  return Number.isSafeInteger(square) ? square : toExact(BigInt(a) ** 2n);
}

function toExact(value: bigint): ExactSum {
  return value >= LEAST_SAFE && value <= GREATEST_SAFE ? Number(value) : value;
}

const GREATEST_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const LEAST_SAFE = -GREATEST_SAFE;
