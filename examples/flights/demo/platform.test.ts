import { reasonIn } from './platform.ts';

const SENTENCE = 'The service ingestion could not start: the port is in use by node (process 26114). End that.';

test('the reason is the last sentence for people, whatever is said around it', () => {
  const log = '{"@timestamp":"2026-01-01T00:00:00Z","message":"it starts"}';
  const warning = '(node:1) DeprecationWarning: something old\n    at somewhere';
  expect(reasonIn(`${log}\n${warning}\n${SENTENCE}\n`)).toBe(SENTENCE);
  expect(reasonIn(`${SENTENCE}\n${warning}\n${log}\n`)).toBe(SENTENCE);
});

test('a fatal log line is better than nothing, and nothing is said to be nothing', () => {
  expect(reasonIn('{"message":"ended","error.message":"The disk is full."}\n')).toBe('The disk is full.');
  expect(reasonIn('')).toBe('It did not say why.');
});
