import {
  LostConnection,
  OutOfRoom,
  SqlError,
  describeSqlFailure,
  isLostConnection,
  isOutOfRoom,
  isUniqueViolation,
  sqlState,
} from './sql-errors.ts';
import { describeUrl } from './url.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
const duplicate = Object.assign(new Error('duplicate key value'), {
  code: '23505',
  constraint: 'orders_pkey',
  detail: 'Key (id)=(7) exists.',
});

test.each([
  ['a refused socket', refused],
  ['a server that shuts down', Object.assign(new Error('terminating connection'), { code: '57P01' })],
  ['a server that still starts', Object.assign(new Error('the database system is starting up'), { code: '57P03' })],
  [
    'a server that cannot write its log and ends every session',
    Object.assign(new Error('could not write'), { code: '53100', severity: 'PANIC' }),
  ],
  ['a socket that ended', new Error('Connection terminated unexpectedly')],
  ['any of these inside another error', new Error('fold batch', { cause: refused })],
])('%s is a lost connection', (_, error) => {
  expect(isLostConnection(error)).toBe(true);
  expect(describeSqlFailure(error, 'db:5432/shop')).toBeInstanceOf(LostConnection);
});

test('a refused statement is not a lost connection, and keeps its SQLSTATE, constraint and detail', () => {
  const error = describeSqlFailure(duplicate, 'db:5432/shop');
  expect(isLostConnection(error)).toBe(false);
  expect(error).toMatchObject({ sqlState: '23505', constraint: 'orders_pkey' });
  expect(error.message).toBe('PostgreSQL refused a statement: duplicate key value (Key (id)=(7) exists.)');
});

test.each([
  ['a full disk', { code: '53100' }, 'could not extend file "base/5/1"', 'because its disk is full'],
  ['a used up quota', { code: 'XX000' }, 'could not extend file "base/5/1": Disk quota exceeded', 'Free some space and do it again.'],
  ['too many connections', { code: '53300' }, 'sorry, too many clients already', 'do it again in a moment'],
])('%s is told with the remedy, and as something that passes', (_, fields, words, told) => {
  const error = describeSqlFailure(Object.assign(new Error(words), fields), 'db:5432/shop');
  expect(error).toBeInstanceOf(OutOfRoom);
  expect(error.message).toContain(told);
  expect(error.message).toContain(words);
  expect(isOutOfRoom(new Error('fold batch', { cause: error }))).toBe(true);
  expect(isLostConnection(error)).toBe(false);
});

test('a lost connection tells why the server is away, where that is known', () => {
  const error = describeSqlFailure(refused, 'db') as LostConnection;
  expect(error.because('The disk is full.')).toMatchObject({ why: 'The disk is full.', outcome: 'not applied' });
  expect(error.because('The disk is full.').message).toBe(`${error.message} The disk is full.`);
});

test('the SQLSTATE is found through causes', () => {
  const wrapped = new Error('save order', { cause: describeSqlFailure(duplicate, 'db') });
  expect(sqlState(wrapped)).toBe('23505');
  expect(isUniqueViolation(wrapped)).toBe(true);
  expect(sqlState(refused)).toBeUndefined();
});

test('an exhausted pool is told apart from a lost server', () => {
  const error = describeSqlFailure(new Error('timeout exceeded when trying to connect'), 'db');
  expect(error).toBeInstanceOf(SqlError);
  expect(error.message).toContain('every pooled connection is busy, or the server does not answer');
});

test('a failure that was already explained is not explained again', () => {
  const error = describeSqlFailure(refused, 'db');
  expect(describeSqlFailure(error, 'elsewhere')).toBe(error);
});

test.each([
  ['postgres://u:secret@db:5432/shop', 'db:5432/shop'],
  ['postgres://u:secret@/shop?host=/run/postgres', '/run/postgres/shop'],
  ['no url with a secret', 'an address that is not a URL'],
])('%s is shown without user and password', (url, shown) => {
  expect(describeUrl(url)).toBe(shown);
});
