import { cannotStore, LostConnection, ServerRefusal, SqlError } from '@roofshot/storage/sql-errors';
import { TryAgain } from '../handlers.ts';
import { HandlerFailed, isPassing, rejectionOf } from './failures.ts';

const refused = (state: string | undefined): SqlError => new SqlError('refused', state, undefined, { cause: undefined });

describe('a failure', () => {
  it.each([
    ['a lost connection', new LostConnection('gone', 'not applied', { cause: undefined })],
    ['a deadlock', refused('40P01')],
    ['a serialisation failure', refused('40001')],
    ['a server that is full or shuts down', refused('53300')],
    ['a pool without a free connection', refused(undefined)],
    ['a store that is full', cannotStore('Redis has no memory left.', undefined)],
    ['a right that is missing', new Error('Kafka did not acknowledge.', { cause: new ServerRefusal('Grant it.') })],
    ['what a handler calls passing', new TryAgain('away')],
  ])('passes by itself when it is %s, also inside a handler', (_, error) => {
    expect(isPassing(error)).toBe(true);
    expect(isPassing(new HandlerFailed(3, undefined, { cause: error }))).toBe(true);
  });

  it.each([
    ['a broken constraint', refused('23505')],
    ['a wrong statement', refused('42601')],
    ['a bug', new TypeError('undefined is not a function')],
  ])('is blamed on the message when it is %s', (_, error) => {
    expect(isPassing(error)).toBe(false);
  });

  it('is a refusal when a domain rule was broken', () => {
    const broken = Object.assign(new Error('no such run'), { name: 'DomainError' });
    expect(rejectionOf(broken)).toBe('no such run');
    expect(rejectionOf(new Error('bug'))).toBeUndefined();
  });
});
