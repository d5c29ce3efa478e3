import type { TestDatabase } from '@roofshot/testing/postgres';
import { databaseWithDelivery } from '../test/delivery-schema.ts';
import { DeadCommands, type NewDeadCommand } from './dead-commands.ts';
import { DeadLetterList, type LetterRow } from './dead-letter-list.ts';
import { DeadLetters } from './dead-letters.ts';

const dead = new DeadCommands('shop');
const list = new DeadLetterList('shop');
let db: TestDatabase;
beforeAll(async () => (db = await databaseWithDelivery()));
beforeEach(() => db.sql.query('TRUNCATE shop.dead_letters, shop.dead_commands, shop.inbox'));
afterAll(() => db.drop());

const all = (): Promise<LetterRow[]> => list.page(db.sql, {}, { after: 0, limit: 100 });

function command(id: string, more: Partial<NewDeadCommand> = {}): NewDeadCommand {
  const headers = { type: 'order.ship', correlationid: 'c-1' };
  return { queue: 'order.ship.v1', id, headers, payload: '{"n":1}', reason: 'no such order', code: 'unknown-order', attempts: 2, ...more };
}

test('a command that dies again is the same letter, with its new failure and its first time', async () => {
  await dead.keep(db.sql, 'shop', [command('a', { firstFailedAt: 1_000, diedAt: 2_000 })]);
  const [first] = await all();
  await dead.markSent(db.sql, [first?.id ?? 0]);
  await dead.keep(db.sql, 'shop', [command('a', { reason: 'still none', diedAt: 3_000 })]);
  expect(await all()).toMatchObject([
    { id: first?.id, reason: 'still none', firstFailedAt: new Date(1_000), lastFailedAt: new Date(3_000), redrivenAt: null },
  ]);
});

test('a death that is told again changes nothing, so that a letter that was sent again stays so', async () => {
  await dead.keep(db.sql, 'shop', [command('a', { diedAt: 2_000 })]);
  const [letter] = await all();
  await dead.markSent(db.sql, [letter?.id ?? 0]);
  await dead.keep(db.sql, 'shop', [command('a', { diedAt: 2_000, reason: 'told again' })]);
  expect(await all()).toMatchObject([{ reason: 'no such order', redrivenAt: expect.any(Date) }]);
});

test('a command that is handled has no letter, also when its death is told later, and a rollback restores it', async () => {
  await dead.keep(db.sql, 'shop', [command('a')]);
  const failing = db.sql.transaction(async (tx) => {
    expect(await dead.recordOnce(tx, 'shop', command('a'))).toBe(true);
    throw new Error('the handler failed');
  });
  await expect(failing).rejects.toThrow('the handler failed');
  expect(await all()).toHaveLength(1);
  expect(await db.sql.transaction((tx) => dead.recordOnce(tx, 'shop', command('a')))).toBe(true);
  expect(await db.sql.transaction((tx) => dead.recordOnce(tx, 'shop', command('a')))).toBe(false);
  await dead.keep(db.sql, 'shop', [command('a')]);
  expect(await all()).toEqual([]);
});

test('ids that are longer than an index takes, and payloads with U+0000, are kept whole', async () => {
  const id = 'ü'.repeat(5_000);
  await dead.keep(db.sql, 'shop', [command(id, { payload: 'no JSON: \0' })]);
  const [letter] = await all();
  expect(letter).toMatchObject({ messageId: id, message: 'no JSON: \\u0000' });
  expect(await db.sql.transaction((tx) => dead.take(tx, 'shop', [letter?.id ?? 0]))).toMatchObject([{ id, isHandled: false }]);
  expect(await db.sql.transaction((tx) => dead.recordOnce(tx, 'shop', command(id)))).toBe(true);
  expect(await all()).toEqual([]);
});

test('letters of events and of commands are numbered together, and those of before what they lacked was recorded are among them', async () => {
  await db.sql.query(
    `INSERT INTO shop.dead_letters (consumer_group, topic, partition, "offset", key, message, reason, died_at)
     VALUES ('shop', 'orders.v1', 0, 7, 'k', '{"headers":{},"value":"{}"}', 'an old reason', '2001-01-01T00:00:00Z')`,
  );
  await dead.keep(db.sql, 'shop', [command('a')]);
  await new DeadLetters('shop').add(db.sql, { group: 'shop', topic: 'orders.v1' }, [
    { key: 'k', partition: 0, offset: 8, message: '{}', reason: 'a new one', code: 'rejected' },
  ]);
  const letters = await all();
  expect(letters.map(({ kind }) => kind)).toEqual(['event', 'command', 'event']);
  expect(new Set(letters.map(({ id }) => id)).size).toBe(3);
  expect(letters[0]).toMatchObject({
    reason: 'an old reason',
    code: null,
    stack: null,
    attempts: null,
    firstFailedAt: new Date('2001-01-01'),
  });
  expect(await list.counts(db.sql, {})).toHaveLength(3);
  expect((await list.page(db.sql, { queue: 'order.ship.v1' }, { after: 0, limit: 10 })).map(({ messageId }) => messageId)).toEqual(['a']);
  expect((await list.page(db.sql, { until: Date.parse('2002-01-01') }, { after: 0, limit: 10 })).map(({ offset }) => offset)).toEqual([7]);
});
