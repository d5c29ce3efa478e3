import { durationMs, floorToTile, windowAt } from './windows.ts';

const MINUTE = 60_000;

test('durations are whole seconds, minutes, hours and days', () => {
  expect(['30s', '5m', '24h', '7d'].map(durationMs)).toEqual([30_000, 300_000, 86_400_000, 604_800_000]);
});

test.each(['', '5', 'm', '0m', '-5m', '1.5h', '5 m', '5w', '99999999999999d'])('"%s" is refused as a duration', (text) => {
  expect(() => durationMs(text)).toThrow(/is not a duration: write a whole number/);
});

test('tiles are counted from the epoch, before it too', () => {
  expect(floorToTile(14 * MINUTE, 5 * MINUTE)).toBe(10 * MINUTE);
  expect(floorToTile(15 * MINUTE, 5 * MINUTE)).toBe(15 * MINUTE);
  expect(floorToTile(-1, 5 * MINUTE)).toBe(-5 * MINUTE);
});

test('a window ends with the last whole tile before the moment, and the moment’s own tile is never in it', () => {
  expect(windowAt(14 * MINUTE, 5 * MINUTE, 60 * MINUTE)).toEqual({ from: -50 * MINUTE, to: 10 * MINUTE });
  expect(windowAt(15 * MINUTE, 5 * MINUTE, 5 * MINUTE)).toEqual({ from: 10 * MINUTE, to: 15 * MINUTE });
});
