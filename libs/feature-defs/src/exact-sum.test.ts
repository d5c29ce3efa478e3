import { addExactly, squareExactly, toMillionths } from './exact-sum.ts';

test('values become millionths, halves away from zero, and never minus zero', () => {
  expect(toMillionths(12.3456785)).toBe(12_345_679);
  expect(toMillionths(-0.0000005)).toBe(-1);
  expect(Object.is(toMillionths(-1e-9), 0)).toBe(true);
});

test('sums stay exact beyond what a number can hold, and come back as numbers', () => {
  const beyond = addExactly(Number.MAX_SAFE_INTEGER, 2);
  expect(beyond).toBe(9_007_199_254_740_993n);
  expect(addExactly(beyond, -2)).toBe(Number.MAX_SAFE_INTEGER);
  expect(addExactly(addExactly(beyond, 1e21), -1e21)).toBe(beyond);
});

test('squares are exact, as numbers while they can be', () => {
  expect(squareExactly(-94_906_265)).toBe(9_007_199_136_250_225);
  expect(squareExactly(94_906_267)).toBe(9_007_199_515_875_289n);
  expect(squareExactly(1e21)).toBe(10n ** 42n);
});
