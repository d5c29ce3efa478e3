import type { TestDatabase } from '@roofshot/testing/postgres';
import { databaseWithDelivery } from '../test/delivery-schema.ts';
import { DeadLetters } from './dead-letters.ts';
import type { NewDeadLetter } from './dead-letters.ts';

const dead = new DeadLetters('shop');
const lane = { group: 'shop', topic: 'orders.v1' };
let db: TestDatabase;
beforeAll(async () => (db = await databaseWithDelivery()));
beforeEach(() => db.sql.query('TRUNCATE shop.dead_letters'));
afterAll(() => db.drop());

function letter(offset: number, reason = 'no such order'): NewDeadLetter {
  return { key: 'k', partition: 1, offset, message: `{"n": ${offset}}`, reason };
}

test('letters are listed oldest first, by lane or all, and one that came twice keeps its first reason', async () => {
  await dead.add(db.sql, lane, [letter(3), letter(4)]);
  await dead.add(db.sql, lane, [letter(4, 'another reason')]);
  await dead.add(db.sql, { ...lane, topic: 'refunds.v1' }, [letter(4)]);
  expect(await dead.list(db.sql, lane, 10)).toMatchObject([{ ...lane, ...letter(3) }, letter(4)]);
  expect(await dead.list(db.sql, {}, 10)).toHaveLength(3);
  expect(await dead.list(db.sql, { topic: 'refunds.v1' }, 10)).toHaveLength(1);
});

test('a letter with U+0000 in its key and its reason is kept, and shows it', async () => {
  await dead.add(db.sql, lane, [{ ...letter(5, 'no JSON: \0'), key: '\0k' }]);
  expect(await dead.list(db.sql, lane, 10)).toMatchObject([{ key: '\\u0000k', reason: 'no JSON: \\u0000' }]);
});

test('a letter that is taken stays when the work with it is rolled back, and is gone once it is committed', async () => {
  await dead.add(db.sql, lane, [letter(3)]);
  const id = (await dead.list(db.sql, lane, 1))[0]?.id ?? 0;
  const failing = db.sql.transaction(async (tx) => {
    await dead.take(tx, id);
    throw new Error('still no such order');
  });
  await expect(failing).rejects.toThrow('still no such order');
  expect(await db.sql.transaction((tx) => dead.take(tx, id))).toMatchObject(letter(3));
  expect(await db.sql.transaction((tx) => dead.take(tx, id))).toBeUndefined();
});
