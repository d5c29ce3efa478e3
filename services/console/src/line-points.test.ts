import { linePoints } from './line-points.ts';

test('the newest second is at the right edge, and the highest value at the top', () => {
  expect(linePoints([0, 10]).split(' ')).toEqual(['118.0,23.0', '120.0,1.0']);
});

test('a minute fills the width, and zeros lie on the ground', () => {
  const points = linePoints(Array.from({ length: 60 }, () => 0)).split(' ');
  expect(points[0]).toBe('0.0,23.0');
  expect(points).toHaveLength(60);
});
