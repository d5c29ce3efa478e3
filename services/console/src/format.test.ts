import { formatCount, formatEventTime, formatMeasure, formatMilliseconds, formatRate, formatTime, plural, sentences } from './format.ts';

test.each([
  [0, '0'],
  [12_345, '12,345'],
  [1_234_567, '1.2M'],
])('the count %p is written %p', (count, text) => expect(formatCount(count)).toBe(text));

test.each([
  [undefined, '–'],
  [0.01, '0'],
  [0.4, '0.4'],
  [9.96, '10'],
  [2_904.4, '2,904'],
])('the rate %p is written %p', (rate, text) => expect(formatRate(rate)).toBe(text));

test.each([
  [0.351, '0.35 ms'],
  [4.24, '4.2 ms'],
  [310.4, '310 ms'],
  [4_210, '4.2 s'],
  [240_000, '4 min'],
])('%p milliseconds are written %p', (milliseconds, text) => expect(formatMilliseconds(milliseconds)).toBe(text.replace(' ', '\u202f')));

test('a measure keeps three digits and a true minus', () => {
  expect([formatMeasure(-0.17234), formatMeasure(12.345), formatMeasure(0)]).toEqual(['−0.172', '12.3', '0']);
});

test('one is singular', () => {
  expect([plural(0, 'record'), plural(1, 'record'), plural(1_200, 'record')]).toEqual(['0 records', '1 record', '1,200 records']);
});

test("a time is the reader's wall clock", () => {
  expect(formatTime(new Date(2026, 2, 1, 4, 5, 6).getTime())).toBe('04:05:06');
});

test('event time is told in UTC, whoever reads', () => {
  expect(formatEventTime(Date.UTC(2001, 0, 2, 3, 4))).toBe('2 Jan 2001 03:04');
});

test('sentences end once', () => {
  expect(sentences('It is so.', '', ' And so', 'Is it?')).toBe('It is so. And so. Is it?');
});
