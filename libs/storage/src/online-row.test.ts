import { compareAge, newestPerKey } from './online-row.ts';
import type { OnlineRow } from './online-store.ts';

function row(entity: string, eventTime: number, knownTime = 0, version = 0): OnlineRow {
  return { view: 'v', entity, eventTime, knownTime, version, value: null };
}

test('event time counts before known time, and known time before the version', () => {
  expect(compareAge(row('e', 2, 0, 0), row('e', 1, 9, 9))).toBeGreaterThan(0);
  expect(compareAge(row('e', 1, 2, 0), row('e', 1, 1, 9))).toBeGreaterThan(0);
  expect(compareAge(row('e', 1, 1, 2), row('e', 1, 1, 3))).toBeLessThan(0);
  expect(compareAge(row('e', 1, 1, 1), row('e', 1, 1, 1))).toBe(0);
});

test('of several rows of a key the newest is kept, wherever it stands, and keys come sorted', () => {
  const rows = [row('b', 1), row('a', 5), row('b', 3), row('b', 2), row('a', 4)];
  expect(newestPerKey(rows)).toEqual([row('a', 5), row('b', 3)]);
});

test('a faulty row is refused by its name', () => {
  expect(() => newestPerKey([row('JFK', Number.POSITIVE_INFINITY)])).toThrow('The row of v/JFK has eventTime Infinity');
});
