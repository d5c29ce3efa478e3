import type { TestDatabase } from '@roofshot/testing/postgres';
import { databaseWithDelivery } from '../test/delivery-schema.ts';
import { Inbox } from './inbox.ts';

const inbox = new Inbox('shop');
let db: TestDatabase;
beforeAll(async () => (db = await databaseWithDelivery()));
afterAll(() => db.drop());

test('a message counts once per consumer', async () => {
  expect(await inbox.recordOnce(db.sql, 'a', 'm1')).toBe(true);
  expect(await inbox.recordOnce(db.sql, 'a', 'm1')).toBe(false);
  expect(await inbox.recordOnce(db.sql, 'b', 'm1')).toBe(true);
});

test('a message whose work was rolled back counts as new', async () => {
  const failing = db.sql.transaction(async (tx) => {
    await inbox.recordOnce(tx, 'a', 'm2');
    throw new Error('the work failed');
  });
  await expect(failing).rejects.toThrow('the work failed');
  expect(await inbox.recordOnce(db.sql, 'a', 'm2')).toBe(true);
});

test('of two that handle one message at the same time, exactly one does the work', async () => {
  const handled = await Promise.all(
    Array.from({ length: 8 }, () =>
      db.sql.transaction(async (tx) => {
        const first = await inbox.recordOnce(tx, 'a', 'm3');
        await tx.query('SELECT pg_sleep(0.005)');
        return first;
      }),
    ),
  );
  expect(handled.filter(Boolean)).toHaveLength(1);
});

test('forgets what is older than the horizon, and only that', async () => {
  await inbox.recordOnce(db.sql, 'forgetful', 'old');
  await db.sql.query(`UPDATE shop.inbox SET received_at = now() - interval '8 days' WHERE message_id = 'old'`);
  await inbox.recordOnce(db.sql, 'forgetful', 'young');
  expect(await inbox.forget(db.sql, new Date(Date.now() - 7 * 86_400_000))).toBe(1);
  expect(await inbox.recordOnce(db.sql, 'forgetful', 'old')).toBe(true);
  expect(await inbox.recordOnce(db.sql, 'forgetful', 'young')).toBe(false);
});
