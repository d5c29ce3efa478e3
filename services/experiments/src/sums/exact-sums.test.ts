import { seeded, shuffled } from '../../test/flights.ts';
import { sumsOf } from '../../test/phases.ts';
import { countUnit, momentsOf, noSums, pairMomentsOf, pooledCovariate } from './exact-sums.ts';

const random = seeded(3);
const values = Array.from({ length: 500 }, () => [random() * 7 - 2, random() < 0.2 ? null : random() * 3] as const);

test('moments are those of the definition', () => {
  const ys = values.map(([y]) => y);
  const mean = ys.reduce((sum, y) => sum + y, 0) / ys.length;
  const m2 = ys.reduce((sum, y) => sum + (y - mean) ** 2, 0);
  const moments = momentsOf(sumsOf(values));
  expect(moments.n).toBe(500);
  expect(moments.mean).toBeCloseTo(mean, 13);
  expect(moments.m2 / m2).toBeCloseTo(1, 12);
});

test('the order of the additions does not change a bit', () => {
  expect(sumsOf(shuffled(values, random))).toEqual(sumsOf(values));
});

test('what is taken away again leaves no trace', () => {
  const sums = sumsOf(values);
  for (const [y, x] of shuffled(values, random)) countUnit(sums, -1, y, x);
  expect(sums).toEqual(noSums());
});

test('a mean of millions of standard deviations loses no digit of the variance', () => {
  const moments = momentsOf(sumsOf([1e9 - 0.25, 1e9, 1e9 + 0.25].map((y) => [y] as const)));
  expect(moments).toEqual({ n: 3, mean: 1e9, meanRest: 0, m2: 0.125 });
});

test('a unit without covariate counts with the mean of the others', () => {
  const sums = sumsOf([
    [1, 2],
    [4, 6],
    [10, null],
  ]);
  const centre = pooledCovariate([sums]);
  const moments = pairMomentsOf(sums, centre);
  // Covariates 2, 6 and (2 + 6)/2, told as distances from 4.
  expect(moments.covariate.mean).toBeCloseTo(0, 15);
  expect(moments.covariate.m2).toBeCloseTo(8, 14);
  expect(moments.cross).toBeCloseTo((1 - 5) * -2 + (4 - 5) * 2, 14);
});

test('nothing has no moments', () => {
  expect(momentsOf(noSums())).toEqual({ n: 0, mean: 0, m2: 0 });
  expect(pairMomentsOf(noSums(), pooledCovariate([noSums()])).n).toBe(0);
});

test('the rest of the mean holds what its rounding took away', () => {
  const { mean, meanRest } = momentsOf(sumsOf([1e9, 1e9, 1e9 + 2 ** -20].map((y) => [y] as const)));
  expect(mean - 1e9).not.toBeCloseTo(2 ** -20 / 3, 9);
  expect(mean - 1e9 + (meanRest ?? NaN)).toBeCloseTo(2 ** -20 / 3, 24);
});
