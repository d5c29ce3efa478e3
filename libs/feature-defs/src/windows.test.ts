import { durationMs, floorToTile, parseWindow, windowName } from './windows.ts';

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

test('windows are read as they are written', () => {
  const HOUR = 60 * MINUTE;
  expect(parseWindow('3h')).toEqual({ kind: 'span', ms: 3 * HOUR, hop: undefined });
  expect(parseWindow('tumbling 1h')).toEqual({ kind: 'span', ms: HOUR, hop: HOUR });
  expect(parseWindow('hopping 24h by 1h')).toEqual({ kind: 'span', ms: 24 * HOUR, hop: HOUR });
  expect(parseWindow('session 30m')).toEqual({ kind: 'session', gap: 30 * MINUTE, within: 24 * HOUR });
  expect(parseWindow('session 30m within 2h')).toEqual({ kind: 'session', gap: 30 * MINUTE, within: 2 * HOUR });
  expect(parseWindow('lifetime')).toEqual({ kind: 'lifetime' });
  expect(windowName('hopping 24h by 1h')).toBe('hopping_24h_by_1h');
});

test.each(['tumbling', 'hopping 1h', 'hopping 1h by', 'session', 'session 1h within', 'session 1h by 2h', 'lifetime 1h', 'rolling 1h'])(
  '"%s" is refused as a window',
  (text) => {
    expect(() => parseWindow(text)).toThrow(RangeError);
  },
);
