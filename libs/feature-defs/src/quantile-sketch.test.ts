import { randomFrom, shuffled } from '../test/random.ts';
import { readVectors } from '../test/vectors.ts';
import { LARGEST_VALUE } from './exact-sum.ts';
import {
  addBin,
  addBinTo,
  binOf,
  emptyQuantiles,
  LAST_BIN,
  mergeAllQuantiles,
  mergeQuantiles,
  QUANTILE_ACCURACY,
  quantileOf,
  SMALLEST_VALUE,
  valueOfBin,
  type OpenQuantileCell,
  type QuantileCell,
} from './quantile-sketch.ts';

/** What a double rounds away is no fault of the sketch. */
const ACCURACY = QUANTILE_ACCURACY * (1 + 1e-9);
const SHARES = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

function cellOf(values: readonly number[]): QuantileCell {
  const cell: OpenQuantileCell = [[], []];
  for (const value of values) addBinTo(cell, binOf(value));
  return cell;
}

function exactQuantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] as number;
}

function isWithinAccuracy(answer: number | null, truth: number): boolean {
  if (answer === null) return false;
  return Math.abs(truth) < SMALLEST_VALUE ? answer === 0 : Math.abs(answer - truth) <= ACCURACY * Math.abs(truth);
}

const clip = (value: number): number => Math.max(-LARGEST_VALUE, Math.min(LARGEST_VALUE, value));

const SHAPES: readonly (readonly [string, number, (random: () => number) => number])[] = [
  ['even values', 500, (random) => random() * 100],
  ['a heavy tail', 500, (random) => clip(random() ** -3)],
  ['tails of both signs', 500, (random) => clip(Math.tan((random() - 0.5) * Math.PI) ** 3)],
  ['every size from 1e-6 to 1e15', 500, (random) => 10 ** (random() * 21 - 6)],
  ['values around zero', 500, (random) => (random() - 0.5) * 4e-6],
  ['ties', 500, (random) => Math.round(random() * 4) - 2],
  ['nothing but negative values', 400, (random) => -Math.exp(random() * 9)],
  ['huge values', 300, (random) => LARGEST_VALUE * (random() < 0.5 ? 1 : -1) * (1 - random() / 1e3)],
  ['two values', 2, (random) => random() * 1000],
  ['one value', 1, (random) => random() * 1000],
];

describe.each(SHAPES)('of %s', (_, count, draw) => {
  const random = randomFrom(count + 17);
  const values = Array.from({ length: count }, () => draw(random));
  const text = JSON.stringify(cellOf(values));

  test('every quantile is within 1 % of the exact one', () => {
    const cell = cellOf(values);
    const answers = SHARES.map((q) => ({ q, answer: quantileOf(cell, q), exact: exactQuantile(values, q) }));
    expect(answers.filter(({ answer, exact }) => !isWithinAccuracy(answer, exact))).toEqual([]);
  });

  test('order and grouping change nothing', () => {
    for (let i = 0; i < 3; i += 1) {
      const mixed = shuffled(values, random);
      const [first, second] = [Math.floor((random() * count) / 2), Math.floor((count * (1 + random())) / 2)];
      const [a, b, c] = [mixed.slice(0, first), mixed.slice(first, second), mixed.slice(second)].map(cellOf) as [
        QuantileCell,
        QuantileCell,
        QuantileCell,
      ];
      const merges = [mergeQuantiles(mergeQuantiles(a, b), c), mergeQuantiles(c, mergeQuantiles(b, a)), mergeAllQuantiles([b, c, a])];
      expect([cellOf(mixed), ...merges].map((cell) => JSON.stringify(cell))).toEqual([text, text, text, text]);
    }
  });
});

test('the order of bins is the order of values, and each value is within 1 % of what stands for its bin', () => {
  const random = randomFrom(8);
  const values = Array.from({ length: 3000 }, () => (random() < 0.5 ? -1 : 1) * 10 ** (random() * 23 - 8)).filter(
    (value) => Math.abs(value) <= LARGEST_VALUE,
  );
  const bins = values.toSorted((a, b) => a - b).map(binOf);
  expect(bins).toEqual(bins.toSorted((a, b) => a - b));
  expect(values.filter((value) => !isWithinAccuracy(valueOfBin(binOf(value)), value))).toEqual([]);
});

test('bins are as many as said, the two ends of what is taken lie in them, and what stands for a bin lies in it', () => {
  expect([binOf(SMALLEST_VALUE), binOf(LARGEST_VALUE), binOf(-LARGEST_VALUE)]).toEqual([1, LAST_BIN, -LAST_BIN]);
  expect(2 * LAST_BIN + 1).toBe(4837);
  expect([0, -0, SMALLEST_VALUE / 2, -SMALLEST_VALUE / 2].map((value) => Object.is(binOf(value), 0))).toEqual([true, true, true, true]);
  const inner = Array.from({ length: 2 * LAST_BIN - 1 }, (_, i) => i - LAST_BIN + 1).filter((bin) => Math.abs(bin) !== 1);
  expect(inner.filter((bin) => binOf(valueOfBin(bin)) !== bin)).toEqual([]);
});

test.each([NaN, Infinity, -Infinity, LARGEST_VALUE * 1.001])('%p has no bin', (value) => {
  expect(() => binOf(value)).toThrow(RangeError);
});

test.each([LAST_BIN + 1, -LAST_BIN - 1, 0.5, NaN])('there is no bin %p', (bin) => {
  expect(() => valueOfBin(bin)).toThrow(/whole numbers from −2418 to 2418/);
  expect(() => addBin(emptyQuantiles, bin)).toThrow(/whole numbers from −2418 to 2418/);
});

test.each([-0.01, 1.01, NaN])('there is no quantile %p', (q) => {
  expect(() => quantileOf(cellOf([1]), q)).toThrow(/from 0 to 1/);
});

test('over nothing there is no quantile', () => {
  expect(quantileOf(emptyQuantiles, 0.5)).toBeNull();
  expect(mergeAllQuantiles([emptyQuantiles, emptyQuantiles])).toEqual(emptyQuantiles);
});

test('where the rank falls between two values, the lower one counts', () => {
  const middle = quantileOf(cellOf([10, 20, 30, 40]), 0.5);
  expect(isWithinAccuracy(middle, 20)).toBe(true);
});

test('many values of a bin may be added at once, in place or to a copy', () => {
  const cell = cellOf([1, 5]);
  const before = JSON.stringify(cell);
  const added = addBin(addBin(cell, binOf(5), 3), binOf(2));
  expect(added).toEqual(cellOf([1, 5, 5, 5, 5, 2]));
  expect(JSON.stringify(cell)).toBe(before);
  expect(JSON.parse(JSON.stringify(added))).toEqual(added);
});

interface QuantileVectors {
  readonly sets: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly keys: readonly (number | null)[];
    readonly quantiles: readonly { readonly q: number; readonly value: number }[];
  }[];
}

describe.each(readVectors<QuantileVectors>('quantiles').sets)('as Datadog’s ddsketch does: $name', ({ values, keys, quantiles }) => {
  test('values fall into the same bins', () => {
    const ours = values.map((value) => (value === 0 ? null : Math.abs(binOf(value)) - binOf(1)));
    expect(ours).toEqual(keys);
  });

  test('quantiles are the same', () => {
    const cell = cellOf(values);
    const answers = quantiles.map(({ q, value }) => ({ q, ours: quantileOf(cell, q), theirs: value }));
    expect(answers.filter(({ ours, theirs }) => Math.abs((ours ?? NaN) - theirs) > 1e-9 * Math.abs(theirs))).toEqual([]);
  });
});
