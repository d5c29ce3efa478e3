import { environmentOf, reasonIn, serverKeysOf } from './platform.ts';

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

test('the platform runs on the servers that it is given, not on those of the shell it is started in', () => {
  const shell = {
    PATH: '/bin',
    LOG_LEVEL: 'debug',
    SQL_URL: 'postgres://u:p@elsewhere/x',
    EVENTS_URL: 'kafka://elsewhere:9092',
    DATA_DIR: '/d',
  };
  expect(environmentOf(shell, {})).toEqual({ PATH: '/bin', LOG_LEVEL: 'debug' });
  expect(environmentOf(shell, { EVENTS_URL: 'kafka://own:9092' })).toEqual({
    PATH: '/bin',
    LOG_LEVEL: 'debug',
    EVENTS_URL: 'kafka://own:9092',
  });
});

test('what of the shell is left aside can be told, without what is not set', () => {
  expect(serverKeysOf({ SQL_URL: 'postgres://u:p@h/x', ONLINE_URL: '', HOME: '/root' })).toEqual(['SQL_URL']);
});
