import { intervalScale } from './interval-scale.ts';

test('zero and all values lie inside, smaller ones to the left', () => {
  const { place, from, to } = intervalScale([-0.2, -0.25, -0.15, null]);
  const places = [from, -0.25, -0.2, -0.15, 0, to].map(place);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect([places[0], places.at(-1)]).toEqual([0, 100]);
  expect(Math.min(...places.slice(1, -1))).toBeGreaterThan(0);
});

test('no effect at all is drawn in the middle', () => {
  expect(intervalScale([0, null, null]).place(0)).toBe(50);
});
