import { binomialSurvival } from '../distributions.ts';
import { requireCount, StatisticsError } from '../errors.ts';

/** How often each cell (a bin or a category) was met at training and in serving; both list the same cells. */
export interface Cells {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** Values on each side: at training, in serving. */
export type Sizes = readonly [reference: number, current: number];

/** Cochran (1954): the chi-square distribution is near enough where each cell is expected this often. */
export const LEAST_EXPECTED = 5;

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Throws `too-few-units`: a side without a value has no distribution, and one without a row has no share of nulls. */
export function requireBothSides([reference, current]: Sizes, what: 'values' | 'rows' = 'values'): void {
  if (reference > 0 && current > 0) return;
  const remedy = what === 'values' ? 'Wait for values, or compare the shares of nulls.' : 'Wait for rows.';
  throw new StatisticsError(
    'too-few-units',
    `There are ${reference} ${what} at training and ${current} in serving, and a side without ${what} cannot be compared. ${remedy}`,
  );
}

/** The number of values on each side. Throws where the sides list different cells, a count is none, or a side is empty. */
export function sizesOf({ reference, current }: Cells): Sizes {
  if (reference.length !== current.length) {
    throw new StatisticsError(
      'invalid-input',
      `${reference.length} cells at training and ${current.length} in serving are given; count both by the same bins or categories.`,
    );
  }
  reference.forEach((count, cell) => requireCount(count, `the count of cell ${cell} at training`));
  current.forEach((count, cell) => requireCount(count, `the count of cell ${cell} in serving`));
  const sizes = [total(reference), total(current)] as const;
  requireBothSides(sizes);
  return sizes;
}

type Pair = readonly [reference: number, current: number];

const plus = (a: Pair, b: Pair): Pair => [a[0] + b[0], a[1] + b[1]];

/**
 * Whether a cell that is expected seldom was met on the smaller side so often that, among so many cells, chance does not explain it:
 * a category that did not exist at training, values beyond all that were seen there.
 */
function isSurprising(pair: Pair, sizes: Sizes, limit: number): boolean {
  const smaller = sizes[0] <= sizes[1] ? 0 : 1;
  if (pair[smaller] < LEAST_EXPECTED) return false;
  return binomialSurvival(pair[smaller] - 1, pair[0] + pair[1], sizes[smaller] / (sizes[0] + sizes[1])) < limit;
}

/**
 * Neighbours put together until each cell is expected `LEAST_EXPECTED` times on the smaller side, so that the chi-square
 * distribution holds. What goes together follows from both sides' sum and not from their difference, so chance is not favoured;
 * and merging only ever brings distributions closer, so that a drift that is seen is there. The exception are cells that are
 * surprising alone: where nothing drifts there is one with probability `alpha` at most.
 */
export function mergeSparse(cells: Cells, alpha: number): Cells {
  const sizes = sizesOf(cells);
  const least = (LEAST_EXPECTED * (sizes[0] + sizes[1])) / Math.min(...sizes);
  const limit = alpha / cells.reference.length;
  const merged: Pair[] = [];
  let open: Pair = [0, 0];
  cells.reference.forEach((count, cell) => {
    const pair: Pair = [count, cells.current[cell] ?? 0];
    const together = plus(open, pair);
    if (together[0] + together[1] >= least) {
      merged.push(together);
      open = [0, 0];
    } else if (isSurprising(pair, sizes, limit)) merged.push(pair);
    else open = together;
  });
  const last = merged.pop() ?? [0, 0];
  const all = [...merged, plus(last, open)];
  return { reference: all.map(([count]) => count), current: all.map(([, count]) => count) };
}
