/**
 * Sums that come out bit-equal whatever the order of the additions, and from which a value can be taken away again: sums in fixed point,
 * as whole numbers of any length. A unit of the last place is 2^-60 of the value (about 1e-18), so nothing that a double holds of
 * ordinary values is lost, and the squares are exact.
 */
import { NO_MOMENTS, type Moments, type PairMoments } from '@roofshot/statistics/moments';

const PLACES = 60;
const SCALE = 2 ** PLACES;
const SQUARE_SCALE = 2 ** (2 * PLACES);
/** Beyond this a metric is a mistake of its expression; its square would leave the range of doubles when it is read back. */
export const GREATEST_VALUE = 1e30;

/** `y`: the outcome; `x`: its covariate, which some units lack; `yx`: the outcomes of those that have one. */
export interface ExactSums {
  n: bigint;
  y: bigint;
  yy: bigint;
  xn: bigint;
  yx: bigint;
  x: bigint;
  xx: bigint;
  xy: bigint;
}

export const SUM_FIELDS = ['n', 'y', 'yy', 'xn', 'yx', 'x', 'xx', 'xy'] as const satisfies readonly (keyof ExactSums)[];

export const noSums = (): ExactSums => ({ n: 0n, y: 0n, yy: 0n, xn: 0n, yx: 0n, x: 0n, xx: 0n, xy: 0n });

/** Whether a number can be counted at all. */
export const isCountable = (value: number): boolean => Math.abs(value) <= GREATEST_VALUE;

const fixed = (value: number): bigint => BigInt(Math.round(value * SCALE));

/** Adds (`sign` 1) or takes away (-1) one unit. */
export function countUnit(sums: ExactSums, sign: 1 | -1, outcome: number, covariate: number | null): void {
  const times = BigInt(sign);
  const y = fixed(outcome);
  sums.n += times;
  sums.y += times * y;
  sums.yy += times * y * y;
  if (covariate === null) return;
  const x = fixed(covariate);
  sums.xn += times;
  sums.yx += times * y;
  sums.x += times * x;
  sums.xx += times * x * x;
  sums.xy += times * x * y;
}

export function addSums(into: ExactSums, more: ExactSums): void {
  for (const field of SUM_FIELDS) into[field] += more[field];
}

export const isZero = (sums: ExactSums): boolean => SUM_FIELDS.every((field) => sums[field] === 0n);

/** The centred moments of the outcome, each rounded once. */
export function momentsOf({ n, y, yy }: ExactSums): Moments {
  return n <= 0n ? NO_MOMENTS : centred(n, y, yy);
}

/** The mean of the covariate over the units of all arms that have one, in fixed point; 0 where none has. */
export function pooledCovariate(arms: readonly ExactSums[]): bigint {
  const n = arms.reduce((sum, { xn }) => sum + xn, 0n);
  return n <= 0n ? 0n : arms.reduce((sum, { x }) => sum + x, 0n) / n;
}

/**
 * The moments of outcome and covariate together. A unit without a covariate counts with `centre` (see `pooledCovariate`): it was known
 * before the answer that there is none, so the adjustment stays unbiased. The covariate's mean is told as its distance from `centre`.
 */
export function pairMomentsOf(sums: ExactSums, centre: bigint): PairMoments {
  const { n, y, xn, yx } = sums;
  if (n <= 0n) return { n: 0, outcome: NO_MOMENTS, covariate: NO_MOMENTS, cross: 0 };
  const x = sums.x - xn * centre;
  const xx = sums.xx - 2n * centre * sums.x + xn * centre * centre;
  const xy = sums.xy - centre * yx;
  return { n: Number(n), outcome: momentsOf(sums), covariate: centred(n, x, xx), cross: Number(n * xy - x * y) / Number(n) / SQUARE_SCALE };
}

function centred(n: bigint, sum: bigint, squares: bigint): Moments {
  const count = Number(n);
  const mean = Number(sum) / count / SCALE;
  return { n: count, mean, meanRest: restOf(n, sum, mean), m2: Number(n * squares - sum * sum) / count / SQUARE_SCALE };
}

/** What rounding took away from the mean. One that is no whole number of last places has digits below them already. */
function restOf(n: bigint, sum: bigint, mean: number): number {
  const places = mean * SCALE;
  return Number.isInteger(places) ? Number(sum - n * BigInt(places)) / Number(n) / SCALE : 0;
}

/** The plain sum of the outcomes. */
export const sumOf = ({ y }: ExactSums): number => Number(y) / SCALE;
