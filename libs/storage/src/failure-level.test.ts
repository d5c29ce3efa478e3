import { failureLevel } from './failure-level.ts';
import { lostServer, OutOfRoom, SqlError } from './sql-errors.ts';

const refused = (state: string | undefined): SqlError => new SqlError('refused', state, undefined, { cause: undefined });
const named = (name: string, more: object = {}): Error => Object.assign(new Error(name), { name }, more);

it.each([
  ['a server that is away', lostServer('Redis at a:1', 'connect ECONNREFUSED', 'not applied', undefined)],
  ['a database without room', new OutOfRoom('full', '53100', undefined, { cause: undefined })],
  ['a deadlock', refused('40P01')],
  ['a pool without a free connection', refused(undefined)],
  ['a disk that is full', Object.assign(new Error('write'), { code: 'ENOSPC' })],
  ['an address that nobody answers', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
  ['a service that is not ready', named('DomainError', { status: 503 })],
  ['what another process has taken over', named('Fenced')],
  ['what a stop ended', new DOMException('stopped', 'AbortError')],
  ['what Kafka says can be tried again', named('KafkaJSProtocolError', { retriable: true })],
])('%s passes: a warning, also as the cause of another error', (_, error) => {
  expect(failureLevel(error)).toBe('warn');
  expect(failureLevel(new Error('load model v3', { cause: new Error('read', { cause: error }) }))).toBe('warn');
});

it.each([
  ['a domain rule that is broken where nobody asked', named('DomainError', { status: 404 })],
  ['a folder that may not be written', named('DomainError', { status: 503, cause: Object.assign(new Error('open'), { code: 'EACCES' }) })],
  ['a bug', new TypeError('undefined is not a function')],
  ['a wrong statement', refused('42601')],
  ['a broken constraint', new Error('insert', { cause: refused('23505') })],
  ['a file that is missing', Object.assign(new Error('open'), { code: 'ENOENT' })],
  ['a right that is missing', named('KafkaJSProtocolError', { retriable: false })],
  ['what is no error', 'text'],
  ['nothing', undefined],
])('%s needs a person: an error', (_, error) => {
  expect(failureLevel(error)).toBe('error');
});

it('causes that go round end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(failureLevel(error)).toBe('error');
});
