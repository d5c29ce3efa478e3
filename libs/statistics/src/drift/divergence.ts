import { sizesOf, type Cells, type Sizes } from './cells.ts';
import { effectiveSize } from './measured.ts';

/**
 * A symmetric divergence of two distributions over cells: a sum of terms in the shares p and q of each cell, all of which are
 * (p - q)^2/p over `scale` where p is near q. So without drift, scale times the divergence times 1/(1/n + 1/m) is a chi-square
 * variable with one degree of freedom less than cells.
 */
export interface Divergence {
  readonly scale: number;
  /** What counts for a cell that one side has never met: part of an observation. */
  readonly unmet: number;
  readonly term: (p: number, q: number) => number;
  /** The derivative of the term with respect to p. */
  readonly slope: (p: number, q: number) => number;
}

/** (p - q) ln(p/q), that is both Kullback-Leibler divergences together (Jeffreys 1946). */
export const PSI: Divergence = {
  scale: 1,
  unmet: 0.5,
  term: (p, q) => (p - q) * Math.log(p / q),
  slope: (p, q) => Math.log(p / q) + 1 - q / p,
};

/** p log2(2p/(p + q)), and 0 for p = 0. */
const bits = (p: number, q: number): number => (p === 0 ? 0 : p * Math.log2((2 * p) / (p + q)));

/** In bits, so at most 1 (Lin 1991). */
export const JENSEN_SHANNON: Divergence = {
  scale: 8 * Math.LN2,
  unmet: 0,
  term: (p, q) => (bits(p, q) + bits(q, p)) / 2,
  slope: (p, q) => Math.log2((2 * p) / (p + q)) / 2,
};

/** The square of Cramer's V for two sides that weigh the same, whatever their sizes. At most 1. */
export const CHI_SQUARE: Divergence = {
  scale: 4,
  unmet: 0,
  term: (p, q) => (p - q) ** 2 / (2 * (p + q)),
  slope: (p, q) => ((p - q) * (p + 3 * q)) / (2 * (p + q) ** 2),
};

/** One cell's shares at training (p) and in serving (q). */
export interface Shares {
  readonly p: number;
  readonly q: number;
}

/** Shares of the cells that any side has met. */
export function sharesOf({ reference, current }: Cells, [n, m]: Sizes, unmet: number): Shares[] {
  return reference
    .map((count, cell) => ({ a: count, b: current[cell] ?? 0 }))
    .filter(({ a, b }) => a + b > 0)
    .map(({ a, b }) => ({ p: (a || unmet) / n, q: (b || unmet) / m }));
}

const sum = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0);

/** The sum of a divergence's terms. */
export function divergenceOf(divergence: Divergence, shares: readonly Shares[]): number {
  return sum(shares.map(({ p, q }) => divergence.term(p, q)));
}

/**
 * The population stability index: sum of (p - q) ln(p/q). A cell that only one side has met counts as half an observation on the
 * other (the shares are not scaled again); one that neither has met adds 0. Tools that put a fixed small share instead, such as
 * 0.0001, make a single value in an empty bin worth more the more values there are.
 */
export function populationStabilityIndex(cells: Cells): number {
  return divergenceOf(PSI, sharesOf(cells, sizesOf(cells), PSI.unmet));
}

/** The square root of the Jensen-Shannon divergence in bits, from 0 to 1. */
export function jensenShannonDistance(cells: Cells): number {
  const bitsApart = divergenceOf(JENSEN_SHANNON, sharesOf(cells, sizesOf(cells), JENSEN_SHANNON.unmet));
  return Math.sqrt(Math.min(1, Math.max(0, bitsApart)));
}

/** Pearson's chi-square of the two rows of counts, without a correction for continuity. */
export function chiSquareStatistic(cells: Cells): number {
  const [n, m] = sizesOf(cells);
  const terms = sharesOf(cells, [n, m], CHI_SQUARE.unmet).map(({ p, q }) => (p - q) ** 2 / ((p * n + q * m) / (n + m)));
  return effectiveSize([n, m]) * sum(terms);
}

/**
 * Cramer's V of the two rows: sqrt(chi-square/(n + m)). It falls as one side outgrows the other, though neither distribution
 * changes, so `measureChiSquare` has as its effect what V would be were both sides of one size.
 */
export function cramersV(cells: Cells): number {
  const [n, m] = sizesOf(cells);
  return Math.sqrt(chiSquareStatistic(cells) / (n + m));
}
