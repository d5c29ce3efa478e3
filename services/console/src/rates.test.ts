import type { LiveFrame } from '@roofshot/contracts/http/live';
import type { ServiceView } from './loop-state.ts';
import { rateLine, rateOf, totalOf } from './rates.ts';

const view = (...totals: Record<string, number>[]): ServiceView => ({
  frame: {} as LiveFrame,
  samples: totals.map((total, second) => ({ at: 1_000 * second, totals: total })),
  lastSeq: 0,
});

test('a rate is the mean of the last five seconds', () => {
  const burst = view(...[0, 1_000, 1_000, 1_000, 1_000, 1_000, 1_010].map((x) => ({ x })));
  expect(rateOf(burst, ['x'])).toBe(2);
});

test('one reading is no rate; nothing counted is zero', () => {
  expect(rateOf(view({ x: 5 }), ['x'])).toBeUndefined();
  expect(rateOf(undefined, ['x'])).toBeUndefined();
  expect(rateOf(view({}, {}), ['x'])).toBe(0);
});

test('a service that is gone has no rate, however busy it was', () => {
  expect(rateOf({ ...view({ x: 0 }, { x: 50 }), gone: 'It does not answer.' }, ['x'])).toBeUndefined();
});

test('several counters are summed, and a star stands for all that begin so', () => {
  const topics = view({}, { 'facts/events.a': 3, 'facts/events.b': 4, 'facts/exposures': 9, other: 1 });
  expect(rateOf(topics, ['facts/events.*', 'other'])).toBe(8);
  expect(totalOf(topics, ['facts/events.*'])).toBe(7);
});

test('the line has a rate for each second', () => {
  expect(rateLine(view({ x: 1 }, { x: 4 }, { x: 4 }), ['x'])).toEqual([3, 0]);
});
