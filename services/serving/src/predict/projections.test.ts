import { matrixOf } from './projections.ts';

test('a row of the matrix has the signature’s features in its order, and NaN where a value is not known', () => {
  const matrix = matrixOf(
    [
      [1, 2, 3],
      [4, null, 6],
    ],
    [2, 1],
  );
  expect([...matrix]).toEqual([3, 2, 6, NaN]);
});
