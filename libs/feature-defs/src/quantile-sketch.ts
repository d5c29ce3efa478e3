/**
 * Quantiles within a relative error of 1 %: DDSketch (Masson, Rim, Lee, VLDB 2019) with the logarithmic mapping. Values are bounded, so bins
 * are too, and none are ever collapsed: a cell is a function of the bag of values alone, whatever the order and the grouping.
 */
import { LARGEST_VALUE } from './exact-sum.ts';
import { lowerBound } from './lower-bound.ts';

/** Ascending bins, and how many values each has. In JSON two lists are shorter than a list of pairs. */
export type QuantileCell = readonly [bins: readonly number[], counts: readonly number[]];

/** A cell that may be changed in place (`addBinTo`). */
export type OpenQuantileCell = [bins: number[], counts: number[]];

/** |answered − true| ≤ this × |true|, up to the rounding of a double. */
export const QUANTILE_ACCURACY = 0.01;

/** Values nearer to zero than this count as zero: sums, too, are kept in millionths. */
export const SMALLEST_VALUE = 1e-6;

const GAMMA = (1 + QUANTILE_ACCURACY) / (1 - QUANTILE_ACCURACY);
const BINS_PER_E = 1 / Math.log(GAMMA);

/**
 * Bin b > 0 holds the values in (BOUNDS[b − 1], BOUNDS[b]], powers of GAMMA. Made by multiplication, which rounds alike on every machine:
 * a logarithm may not, and a stored bin must never depend on the version of an engine.
 */
const BOUNDS = powersOfGamma();
const BIN_OF_ONE = BOUNDS.indexOf(1);

/** Bins go from −LAST_BIN to LAST_BIN, 0 among them: 4,837 in all, the most that a cell can have. */
export const LAST_BIN = BOUNDS.length - 1;

function powersOfGamma(): number[] {
  const bounds = [1];
  while ((bounds[0] as number) >= SMALLEST_VALUE) bounds.unshift((bounds[0] as number) / GAMMA);
  while ((bounds.at(-1) as number) < LARGEST_VALUE) bounds.push((bounds.at(-1) as number) * GAMMA);
  return bounds;
}

/**
 * The bin of a value: a whole number, whose order is that of the values. Throws RangeError for NaN and beyond ±LARGEST_VALUE.
 */
export function binOf(value: number): number {
  const size = Math.abs(value);
  if (size < SMALLEST_VALUE) return 0;
  if (!(size <= LARGEST_VALUE)) throw new RangeError(`${value} has no bin: give numbers from −1e15 to 1e15, and leave others out`);
  let bin = Math.ceil(Math.log(size) * BINS_PER_E) + BIN_OF_ONE;
  while (size > (BOUNDS[bin] as number)) bin += 1;
  while (size <= (BOUNDS[bin - 1] as number)) bin -= 1;
  return value < 0 ? -bin : bin;
}

/** The value that stands for a bin: within QUANTILE_ACCURACY of every value in it. Throws RangeError when `binOf` answers no such bin. */
export function valueOfBin(bin: number): number {
  if (bin === 0) return 0;
  const [low, high] = [BOUNDS[Math.abs(bin) - 1], BOUNDS[Math.abs(bin)]];
  if (low === undefined || high === undefined) throw noSuchBin(bin);
  return (Math.sign(bin) * 2 * low * high) / (low + high);
}

function noSuchBin(bin: number): RangeError {
  return new RangeError(`there is no bin ${bin}: bins are whole numbers from −${LAST_BIN} to ${LAST_BIN}, as binOf gives them`);
}

export const emptyQuantiles: QuantileCell = [[], []];

/** The cell with `count` (one or more) more values of a bin. Throws RangeError when there is no such bin. */
export function addBin([bins, counts]: QuantileCell, bin: number, count = 1): QuantileCell {
  const added: OpenQuantileCell = [[...bins], [...counts]];
  addBinTo(added, bin, count);
  return added;
}

/** `addBin` in place. */
export function addBinTo([bins, counts]: OpenQuantileCell, bin: number, count = 1): void {
  const at = lowerBound(bins, bin);
  if (bins[at] === bin) {
    counts[at] = (counts[at] as number) + count;
    return;
  }
  if (BOUNDS[Math.abs(bin)] === undefined) throw noSuchBin(bin);
  bins.splice(at, 0, bin);
  counts.splice(at, 0, count);
}

/** The cell of the values of both. */
export function mergeQuantiles(a: QuantileCell, b: QuantileCell): QuantileCell {
  const [bins, counts]: OpenQuantileCell = [[], []];
  for (let i = 0, j = 0; i < a[0].length || j < b[0].length;) {
    const [left, right] = [a[0][i] ?? Infinity, b[0][j] ?? Infinity];
    bins.push(Math.min(left, right));
    counts.push((left <= right ? (a[1][i] as number) : 0) + (right <= left ? (b[1][j] as number) : 0));
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return [bins, counts];
}

/** The cell of the values of all: of the tiles of a window, in one pass. */
export function mergeAllQuantiles(cells: readonly QuantileCell[]): QuantileCell {
  const totals = new Float64Array(2 * LAST_BIN + 1);
  for (const [bins, counts] of cells) {
    for (let i = 0; i < bins.length; i += 1) {
      const at = (bins[i] as number) + LAST_BIN;
      totals[at] = (totals[at] as number) + (counts[i] as number);
    }
  }
  const merged: OpenQuantileCell = [[], []];
  totals.forEach((count, at) => {
    if (count === 0) return;
    merged[0].push(at - LAST_BIN);
    merged[1].push(count);
  });
  return merged;
}

/**
 * The value of rank floor(q (n − 1)) among n ascending values (the lower one, where the rank falls between two), within QUANTILE_ACCURACY;
 * null over nothing. Throws RangeError unless 0 ≤ q ≤ 1.
 */
export function quantileOf([bins, counts]: QuantileCell, q: number): number | null {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`there is no quantile ${q}: give a share from 0 to 1, as 0.95 for the 95th percentile`);
  const rank = Math.floor(q * (counts.reduce((sum, count) => sum + count, 0) - 1));
  let seen = 0;
  for (let i = 0; i < bins.length; i += 1) {
    seen += counts[i] as number;
    if (seen > rank) return valueOfBin(bins[i] as number);
  }
  return null;
}
