import { randomFrom, shuffled } from '../test/random.ts';
import { readVectors } from '../test/vectors.ts';
import {
  addHash,
  countDistinct,
  DISTINCT_STANDARD_ERROR,
  emptyDistinct,
  mergeAllDistinct,
  mergeDistinct,
  MOST_EXACT,
  type DistinctCell,
} from './distinct-sketch.ts';
import { hashValue } from './hash-value.ts';

function cellOf(hashes: readonly number[]): DistinctCell {
  return hashes.reduce(addHash, emptyDistinct);
}

function hashesOf(random: () => number, count: number): number[] {
  return Array.from({ length: count }, () => hashValue(random()));
}

/** The items in parts of random sizes, some of them empty. */
function cut<T>(items: readonly T[], random: () => number): T[][] {
  const ends = Array.from({ length: 6 }, () => Math.floor(random() * (items.length + 1))).sort((a, b) => a - b);
  return [...ends, items.length].map((end, i) => items.slice(ends[i - 1] ?? 0, end));
}

function mergeInPairs(cells: readonly DistinctCell[]): DistinctCell {
  if (cells.length <= 1) return cells[0] ?? emptyDistinct;
  const middle = Math.ceil(cells.length / 2);
  return mergeDistinct(mergeInPairs(cells.slice(0, middle)), mergeInPairs(cells.slice(middle)));
}

describe.each([1, 5, 255, 256, 257, 300, 900, 4000])('of %i distinct values', (count) => {
  const random = randomFrom(count);
  const distinct = hashesOf(random, count);
  const text = JSON.stringify(cellOf(distinct));

  test('order, repetition and grouping change nothing', () => {
    for (let i = 0; i < 4; i += 1) {
      const repeated = shuffled([...distinct, ...distinct.filter(() => random() < 0.5)], random);
      const parts = cut(repeated, random).map(cellOf);
      expect(JSON.stringify(cellOf(repeated))).toBe(text);
      expect(JSON.stringify(mergeInPairs(shuffled(parts, random)))).toBe(text);
      expect(JSON.stringify(mergeAllDistinct(parts))).toBe(text);
    }
  });

  test('a cell goes through JSON, grows no further by what it has, and stays below five thousand characters', () => {
    const back = JSON.parse(text) as DistinctCell;
    expect(back).toEqual(cellOf(distinct));
    expect(distinct.reduce(addHash, back)).toBe(back);
    expect(mergeDistinct(back, cellOf(distinct))).toEqual(back);
    expect(text.length).toBeLessThan(5000);
  });
});

test('counts are exact while values are few', () => {
  const random = randomFrom(3);
  for (const count of [0, 1, 2, 100, MOST_EXACT]) expect(countDistinct(cellOf(hashesOf(random, count)))).toBe(count);
});

test('what is added leaves the cell that it was added to as it was', () => {
  const random = randomFrom(4);
  for (const count of [10, MOST_EXACT, 1000]) {
    const cell = cellOf(hashesOf(random, count));
    const before = JSON.stringify(cell);
    const [hash] = hashesOf(random, 1);
    expect(addHash(cell, hash as number)).not.toBe(cell);
    mergeDistinct(cell, cellOf(hashesOf(random, 300)));
    expect(JSON.stringify(cell)).toBe(before);
  }
});

test('every rank that a hash can have is counted, the highest too', () => {
  const many = cellOf(hashesOf(randomFrom(5), 300)) as string;
  const ranks = Array.from({ length: 41 }, (_, i) => addHash(many, 2 ** (52 - i)) as string);
  expect(ranks.map((registers) => registers.charCodeAt(0) - 48)).toEqual(ranks.map((_, i) => Math.max(i + 1, many.charCodeAt(0) - 48)));
  expect((addHash(many, 0) as string).charCodeAt(0) - 48).toBe(42);
  expect(JSON.stringify(addHash(many, 0))).toHaveLength(4098);
});

test('registers that are all full give a whole number, not an infinity', () => {
  expect(countDistinct('Z'.repeat(4096))).toBe(Number.MAX_SAFE_INTEGER);
});

interface DistinctVectors {
  readonly streams: readonly {
    readonly stream: string;
    readonly counts: readonly { readonly values: number; readonly estimate: number }[];
  }[];
}

interface Estimate {
  readonly values: number;
  readonly ours: number;
  readonly theirs: number;
}

/** Relative errors of ours and of Apache DataSketches, over the same values. */
function estimateStreams(): Estimate[] {
  return readVectors<DistinctVectors>('distinct').streams.flatMap(({ stream, counts }) => {
    let cell = emptyDistinct;
    let value = 0;
    return counts.map(({ values, estimate }) => {
      while (value < values) cell = addHash(cell, hashValue(`${stream}/${(value += 1)}`));
      return { values, ours: countDistinct(cell) / values - 1, theirs: estimate / values - 1 };
    });
  });
}

describe('from 10 to 1,000,000 values', () => {
  const estimates = estimateStreams();
  const rootMeanSquare = (errors: readonly number[]): number =>
    Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);

  test('every count is within four standard errors', () => {
    expect(new Set(estimates.map(({ values }) => values))).toEqual(new Set([10, 100, 1e3, 1e4, 1e5, 1e6]));
    expect(estimates.filter(({ ours }) => Math.abs(ours) > 4 * DISTINCT_STANDARD_ERROR)).toEqual([]);
  });

  test('no count leans to one side', () => {
    for (const size of [1e3, 1e4]) {
      const errors = estimates.filter(({ values }) => values === size).map(({ ours }) => ours);
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      expect(errors.length).toBeGreaterThan(20);
      expect(Math.abs(mean)).toBeLessThan((3 * DISTINCT_STANDARD_ERROR) / Math.sqrt(errors.length));
    }
  });

  test('errors are of the size that the tolerance says, and that another implementation has', () => {
    const large = estimates.filter(({ values }) => values >= 1e4);
    const ours = rootMeanSquare(large.map((one) => one.ours));
    expect(ours / DISTINCT_STANDARD_ERROR).toBeLessThan(1.4);
    expect(ours / DISTINCT_STANDARD_ERROR).toBeGreaterThan(0.6);
    expect(ours / rootMeanSquare(large.map((one) => one.theirs))).toBeLessThan(2);
  });
});
