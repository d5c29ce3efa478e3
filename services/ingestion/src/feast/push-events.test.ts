import { parseTime } from '../check-envelope.ts';
import { pushEvents } from './push-events.ts';

type Row = Record<string, unknown>;
const push = (df: Record<string, unknown[]>): Row[] => {
  let made = 0;
  const receipt = { source: '/feast/shop', newId: () => `new-${(made += 1)}` };
  return pushEvents({ push_source_name: 'trip.ended', df }, receipt).map((event) => ('value' in event ? (event.value as Row) : {}));
};
const one = (row: Row): Row => push(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]])))[0] ?? {};

test('a row is an event of the source, and all of its columns are its data', () => {
  const row = { driver_id: 7, event_timestamp: '2021-05-13 10:59:42', created: '2021-05-13 11:00:00', rate: null };
  expect(one(row)).toEqual({
    specversion: '1.0',
    id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    source: '/feast/shop',
    type: 'trip.ended',
    time: '2021-05-13T10:59:42Z',
    data: row,
  });
});

test('rows are those of the columns, in their order', () => {
  expect(push({ b: [1, 2, 3], a: ['x', 'y', 'z'] }).map(({ data }) => data)).toEqual([
    { a: 'x', b: 1 },
    { a: 'y', b: 2 },
    { a: 'z', b: 3 },
  ]);
  expect([push({}), push({ a: [] })]).toEqual([[], []]);
});

test('columns of different lengths are refused, all of them', () => {
  const pushUneven = (): unknown => push({ a: [1, 2], b: [1], c: [1, 2, 3] });
  const faults = [{ path: '/df/b' }, { path: '/df/c' }];
  expect(pushUneven).toThrow(
    expect.objectContaining({
      status: 400,
      detail: expect.objectContaining({ faults: faults.map((fault) => expect.objectContaining(fault) as object) }) as object,
    }),
  );
});

describe('the id of a row', () => {
  const row = { driver_id: 7, event_timestamp: '2021-05-13 10:59:42' };

  test('is that of its content, whatever the order of the columns', () => {
    expect(one({ event_timestamp: row.event_timestamp, driver_id: 7 })['id']).toBe(one(row)['id']);
    for (const other of [
      { ...row, driver_id: 8 },
      { ...row, driver_id: '7' },
      { ...row, event_timestamp: '2021-05-13 10:59:43' },
    ])
      expect(one(other)['id']).not.toBe(one(row)['id']);
  });

  test('is new where the row does not say when it happened: the same again is another event', () => {
    const events = push({ driver_id: [7, 7], event_timestamp: [null, null] });
    expect(events.map(({ id }) => id)).toEqual(['new-1', 'new-2']);
    expect(events.every((event) => !('time' in event))).toBe(true);
  });
});

test.each([
  ['2021-05-13 10:59:42', '2021-05-13T10:59:42Z'],
  ['2021-05-13 10:59:42.123456', '2021-05-13T10:59:42.123456Z'],
  ['2021-05-13T10:59:42.123456+02:00', '2021-05-13T10:59:42.123456+02:00'],
  ['2021-05-13 10:59:42+0530', '2021-05-13T10:59:42+05:30'],
  ['2021-05-13 10:59:42-03', '2021-05-13T10:59:42-03:00'],
  ['2021-05-13 10:59:42 UTC', '2021-05-13T10:59:42Z'],
  ['2021-05-13T10:59Z', '2021-05-13T10:59:00Z'],
  ['2021-05-13', '2021-05-13T00:00:00Z'],
])('the time %s, as Python and pandas write it, is %s', (written, time) => {
  expect(one({ event_timestamp: written })['time']).toBe(time);
  expect(parseTime(time)).not.toBeUndefined();
});

test.each(['yesterday', '13.05.2021', 1_620_903_582, true])('what is no time is left for the check of the event to find: %j', (value) => {
  expect(one({ event_timestamp: value })['time']).toBe(value);
});

test.each([
  ['ann', 'ann'],
  [7, '7'],
  ['', undefined],
  [null, undefined],
])('the column subject names the subject: %j', (value, subject) => expect(one({ subject: value })['subject']).toBe(subject));
