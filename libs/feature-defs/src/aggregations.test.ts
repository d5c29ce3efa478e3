import { addExactly, LARGEST_VALUE, resultOf, toAddend } from './aggregations.ts';

function addend(aggregation: 'sum' | 'mean' | 'share', value: unknown): { addend: number | null; reports: string[] } {
  const reports: string[] = [];
  return { addend: toAddend(aggregation, value, (message) => reports.push(message)), reports };
}

test('values become millionths, halves away from zero, and never minus zero', () => {
  expect(addend('mean', 12.3456785).addend).toBe(12_345_679);
  expect(addend('mean', -0.0000005).addend).toBe(-1);
  expect(Object.is(addend('mean', -1e-9).addend, 0)).toBe(true);
});

test('a share counts the true ones', () => {
  expect(addend('share', true).addend).toBe(1);
  expect(addend('share', false).addend).toBe(0);
});

test('null is left out without a word', () => {
  expect(addend('mean', null)).toEqual({ addend: null, reports: [] });
});

test.each([
  ['mean', 'text'],
  ['share', 1],
  ['sum', LARGEST_VALUE * 1.01],
] as const)('a %s of %p is left out and reported', (aggregation, value) => {
  const { addend: added, reports } = addend(aggregation, value);
  expect(added).toBeNull();
  expect(reports).toHaveLength(1);
});

test('over no events a count and a sum are 0, a mean and a share are null', () => {
  expect((['count', 'sum', 'mean', 'share'] as const).map((aggregation) => resultOf(aggregation, 0, 0, 0))).toEqual([0, 0, null, null]);
});

test('results are in the unit of the values, and nulls do not thin a mean', () => {
  expect(resultOf('count', 5, 0, 0)).toBe(5);
  expect(resultOf('sum', 5, 4, 10_500_000)).toBe(10.5);
  expect(resultOf('mean', 5, 4, 10_000_000)).toBe(2.5);
  expect(resultOf('share', 5, 4, 3)).toBe(0.75);
});

test('sums stay exact beyond what a number can hold, and come back as numbers', () => {
  const beyond = addExactly(Number.MAX_SAFE_INTEGER, 2);
  expect(beyond).toBe(9_007_199_254_740_993n);
  expect(addExactly(beyond, -2)).toBe(Number.MAX_SAFE_INTEGER);
  expect(addExactly(addExactly(beyond, 1e21), -1e21)).toBe(beyond);
  expect(resultOf('sum', 1, 1, 12_000_000_000_000_000_000_000n)).toBe(12e15);
});
