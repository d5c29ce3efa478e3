import { boundTagValue, TAG_NAMES } from './metric-tags.ts';

it.each([
  'flight.departed',
  'events.flight.departed',
  '/v1/predict/:deployment',
  'GET',
  '200',
  'v12',
  'flight-delay',
  'quarantined',
  'deadbeef',
])('a chosen name stays as it is: %s', (value) => {
  expect(boundTagValue(value)).toBe(value);
});

it.each([
  '0190d5c2-7f4e-7cc3-98c4-dc0c0c07398f',
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  'run-0190d5c2-7f4e-7cc3-98c4-dc0c0c07398f',
  '4bf92f3577b34da6a3ce929d0e0e4736',
  'sha256:9f86d081884c7d659a2feaa0c55ad015',
  'customer-123456789',
  '1763692800000',
])('an id is refused: %s', (value) => {
  expect(boundTagValue(value)).toBe('id-refused');
});

it('an empty value is told as none, a long one is cut', () => {
  expect(boundTagValue('')).toBe('none');
  expect(boundTagValue('x'.repeat(500))).toBe('x'.repeat(64));
});

it('no tag is made for ids, subjects, users or times', () => {
  expect(TAG_NAMES.filter((name) => /id$|subject|user|unit|time|correlation|trace/i.test(name))).toEqual([]);
});
