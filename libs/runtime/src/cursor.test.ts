import { cutPage } from './cursor.ts';

const last = (n: number): string => `after ${n}`;

test.each([
  [[], [], null],
  [[1, 2], [1, 2], null],
  [[1, 2, 3], [1, 2], 'after 2'],
])('of %j a page of two is %j, and the next begins %s', (rows: number[], page: number[], next) => {
  expect(cutPage(rows, 2, last)).toEqual({ page, next });
});
