import { mergeSparse, sizesOf } from './cells.ts';

const ALPHA = 0.001;

describe('sparse cells', () => {
  test('are put together until each is expected five times on the smaller side', () => {
    const cells = { reference: [10, 30, 60, 100, 3], current: [1, 3, 6, 10, 0] };
    expect(mergeSparse(cells, ALPHA)).toEqual({ reference: [100, 103], current: [10, 10] });
  });

  test('stay alone where they are more frequent than chance explains', () => {
    const cells = { reference: [0, 50_000, 50_000], current: [20, 490, 490] };
    expect(mergeSparse(cells, ALPHA)).toEqual(cells);
    const chance = { reference: [0, 50_000, 50_000], current: [2, 490, 508] };
    expect(mergeSparse(chance, ALPHA)).toEqual({ reference: [50_000, 50_000], current: [492, 508] });
  });

  test('lose no count, also where all of them are sparse', () => {
    const ones = Array.from({ length: 7 }, () => 1);
    expect(mergeSparse({ reference: ones, current: ones }, ALPHA)).toEqual({ reference: [7], current: [7] });
  });

  test('are refused where the sides do not match or one is empty', () => {
    expect(() => sizesOf({ reference: [1], current: [1, 2] })).toThrow('1 cells at training and 2 in serving');
    expect(() => sizesOf({ reference: [1, 2], current: [0, 0] })).toThrow('There are 3 values at training and 0 in serving');
    expect(() => sizesOf({ reference: [1, -2], current: [1, 1] })).toThrow('the count of cell 1 at training is -2');
  });
});
