import { eventually } from '@roofshot/testing/eventually';
import type { TestDatabase } from '@roofshot/testing/postgres';
import { databaseWithDelivery } from '../test/delivery-schema.ts';
import { Parking } from './parking.ts';
import type { Lane, MessageToPark } from './parking.ts';

const parking = new Parking('shop');
let db: TestDatabase;
let lane: Lane;
let count = 0;
beforeAll(async () => (db = await databaseWithDelivery()));
beforeEach(() => {
  lane = { group: 'shop', topic: `orders-${(count += 1)}.v1` };
});
afterAll(() => db.drop());

const release = (key: string): Promise<boolean> => db.sql.transaction((tx) => parking.release(tx, lane, key));
const waitingForLocks = async (): Promise<number> =>
  (await db.sql.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length;
const message = (key: string, offset: number): MessageToPark => ({ key, partition: 0, offset, message: `{"n": ${offset}}` });

test('a parked key is found among a batch, in its own lane only', async () => {
  await parking.parkKey(db.sql, lane, 'k1', { reason: 'the price is no number' });
  expect(await parking.parkedAmong(db.sql, lane, ['k0', 'k1', 'k1', 'k2'])).toEqual(new Set(['k1']));
  expect(await parking.parkedAmong(db.sql, { ...lane, group: 'another' }, ['k1'])).toEqual(new Set());
});

test("a key's messages come out in the order in which they were queued, and queueing one twice changes nothing", async () => {
  await parking.parkKey(db.sql, lane, 'k', { reason: 'first reason' });
  await parking.parkKey(db.sql, lane, 'k', { reason: 'second reason' });
  await parking.queue(db.sql, lane, [message('k', 5), message('k', 6)]);
  await parking.queue(db.sql, lane, [message('k', 6), message('k', 7)]);
  const oldest = await db.sql.transaction((tx) => parking.oldest(tx, lane, 'k', 2));
  expect(oldest.map(({ offset }) => offset)).toEqual([5, 6]);
  expect(await parking.list(db.sql, lane, 10)).toMatchObject([{ key: 'k', reason: 'first reason', messages: 3 }]);
});

test('a key flows again only when its queue is empty', async () => {
  await parking.parkKey(db.sql, lane, 'k', { reason: 'reason' });
  await parking.queue(db.sql, lane, [message('k', 1), message('k', 2)]);
  expect(await release('k')).toBe(false);
  const all = await db.sql.transaction((tx) => parking.oldest(tx, lane, 'k', 10));
  await parking.remove(
    db.sql,
    all.map(({ id }) => id),
  );
  expect(await release('k')).toBe(true);
  expect(await parking.parkedAmong(db.sql, lane, ['k'])).toEqual(new Set());
});

test.each([
  ['with U+0000', '\0\u0005'],
  ['longer than an index takes', 'ü'.repeat(5_000)],
])('a key %s is parked, found, handled and released like any other', async (_, key) => {
  await parking.parkKey(db.sql, lane, key, { reason: 'no number: \0' });
  await parking.queue(db.sql, lane, [message(key, 1)]);
  expect(await parking.parkedAmong(db.sql, lane, ['k', key])).toEqual(new Set([key]));
  const [listed] = await parking.list(db.sql, lane, 10);
  expect(listed).toMatchObject({ reason: 'no number: \\u0000', messages: 1 });
  const oldest = await db.sql.transaction((tx) => parking.oldest(tx, lane, listed?.key ?? '', 10));
  expect(oldest).toMatchObject([{ offset: 1 }]);
  await parking.remove(
    db.sql,
    oldest.map(({ id }) => id),
  );
  expect(await release(key)).toBe(true);
});

test('a message of a key that is not parked cannot be queued, so none can be forgotten', async () => {
  await expect(parking.queue(db.sql, lane, [message('unparked', 1)])).rejects.toMatchObject({ sqlState: '23503' });
});

test('while a batch relies on a key being parked, the key cannot be released', async () => {
  await parking.parkKey(db.sql, lane, 'k', { reason: 'reason' });
  let released: Promise<boolean> | undefined;
  await db.sql.transaction(async (tx) => {
    await parking.parkedAmong(tx, lane, ['k']);
    released = db.sql.transaction((other) => parking.release(other, lane, 'k'));
    await eventually(async () => expect(await waitingForLocks()).toBe(1));
    await parking.queue(tx, lane, [message('k', 9)]);
  });
  expect(await released).toBe(false);
  expect(await parking.list(db.sql, lane, 10)).toMatchObject([{ key: 'k', messages: 1 }]);
});

test('counts the keys that were parked since a moment', async () => {
  await parking.parkKey(db.sql, lane, 'old', { reason: 'reason' });
  await db.sql.query(`UPDATE shop.parked_keys SET parked_at = now() - interval '1 hour' WHERE key = 'old'`);
  await parking.parkKey(db.sql, lane, 'new', { reason: 'reason' });
  expect(await parking.countSince(db.sql, lane, new Date(Date.now() - 60_000))).toBe(1);
});
