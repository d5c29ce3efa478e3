/**
 * Error-free transformations (Dekker 1971): a rounded result together with exactly what rounding took away.
 * They let a difference of two large numbers keep the digits that plain arithmetic cancels.
 */

/** 2^27 + 1 splits a double into two halves whose products are exact. */
const SPLITTER = 134217729;

/** a*b - product, exactly, for product = a*b rounded, unless it overflows or underflows. */
function productError(a: number, b: number, product: number): number {
  const aShift = SPLITTER * a;
  const bShift = SPLITTER * b;
  const aHigh = aShift - (aShift - a);
  const bHigh = bShift - (bShift - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** total - a*b/n, as if a*b/n had twice the digits: right to about one rounding of the result where the inputs are exact. */
export function subtractQuotient(total: number, a: number, b: number, n: number): number {
  const product = a * b;
  const quotient = product / n;
  const back = quotient * n;
  const remainder = product - back - productError(quotient, n, back) + productError(a, b, product);
  return total - quotient - remainder / n;
}

/** A number with twice the digits: value + rest, where rest is what rounding took away from value. */
export interface Precise {
  readonly value: number;
  readonly rest: number;
}

/** value + rest + term (Knuth's two-sum, renormalised). */
export function addTerm({ value, rest }: Precise, term: number): Precise {
  const sum = value + term;
  const termPart = sum - value;
  const error = value - (sum - termPart) + (term - termPart) + rest;
  const rounded = sum + error;
  return { value: rounded, rest: error - (rounded - sum) };
}

/** a - b. */
export const distance = (a: Precise, b: Precise): number => a.value - b.value + (a.rest - b.rest);

/** a/n. */
export function divide(a: number, n: number): Precise {
  const value = a / n;
  const back = value * n;
  return { value, rest: (a - back - productError(value, n, back)) / n };
}
