import { SettableClock } from './clock.ts';

test('stands still until it is moved', () => {
  const clock = new SettableClock('2001-01-13T10:00:00Z');
  const { now } = clock;
  expect(now()).toBe(Date.UTC(2001, 0, 13, 10));
  clock.advance(90_000);
  expect(clock.date().toISOString()).toBe('2001-01-13T10:01:30.000Z');
  clock.set('2001-01-14T00:00:00Z');
  expect(now()).toBe(Date.UTC(2001, 0, 14));
});

test('refuses what is no time', () => {
  expect(() => new SettableClock('yesterday')).toThrow('"yesterday" is not a time');
});
