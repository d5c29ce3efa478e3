import { wrap } from './report-text.ts';

test('lines break at spaces and keep within the width', () => {
  expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
});

test('a word that is too long stands alone and whole', () => {
  expect(wrap('in /a/very/long/path today', 8)).toEqual(['in', '/a/very/long/path', 'today']);
});

test('nothing needs no line', () => {
  expect(wrap('', 8)).toEqual(['']);
});
