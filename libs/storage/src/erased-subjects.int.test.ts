import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { eventually } from '@roofshot/testing/eventually';
import { DeadLetters } from './dead-letters.ts';
import { deliveryMigrations } from './delivery-migrations.ts';
import { erasedSubjectsMigrations, ErasedSubjects, eraseUndelivered } from './erased-subjects.ts';
import { migrate } from './migrate.ts';
import { Parking } from './parking.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await migrate(db.sql, 'shop', [...deliveryMigrations, ...erasedSubjectsMigrations]);
});
afterAll(() => db.drop());

test('what became known until the erasure is erased, of that subject and of its types alone', async () => {
  const [writer, reader] = [new ErasedSubjects('shop'), new ErasedSubjects('shop')];
  expect((await reader.read(db.sql))('ann', 'order', 5)).toBe(false);
  await db.sql.transaction((tx) => writer.record(tx, { subject: 'ann', until: 10 }));
  await db.sql.transaction((tx) => writer.record(tx, { subject: 'bob', types: ['order'], until: 20 }));
  const isErased = await reader.read(db.sql);
  expect([isErased('ann', 'order', 10), isErased('ann', 'order', 11), isErased('anna', 'order', 1)]).toEqual([true, false, false]);
  expect([isErased('bob', 'order', 20), isErased('bob', 'visit', 20)]).toEqual([true, false]);
});

test('what was known before 1970 is of nobody erased, unless its subject was', async () => {
  const isErased = await new ErasedSubjects('shop').read(db.sql);
  expect([isErased('nobody', 'order', -1), isErased('ann', 'order', -86_400_000)]).toEqual([false, true]);
});

test('an erasure that is repeated reaches as far as the latest, also for who has read the first', async () => {
  const [writer, reader] = [new ErasedSubjects('shop'), new ErasedSubjects('shop')];
  await db.sql.transaction((tx) => writer.record(tx, { subject: 'cleo', until: 10 }));
  expect((await reader.read(db.sql))('cleo', 't', 15)).toBe(false);
  await db.sql.transaction((tx) => writer.record(tx, { subject: 'cleo', until: 20 }));
  await db.sql.transaction((tx) => writer.record(tx, { subject: 'cleo', until: 5 }));
  expect((await reader.read(db.sql))('cleo', 't', 15)).toBe(true);
});

test('a subject is kept as a keyed hash alone', async () => {
  await db.sql.transaction((tx) => new ErasedSubjects('shop').record(tx, { subject: 'dora@example.org', until: 10 }));
  const rows = await db.sql.query('SELECT e::text AS text FROM shop.erased_subjects e');
  expect(JSON.stringify(rows)).not.toContain('dora');
});

test('an erasure waits for who has begun to read, and who begins after it waits for its end', async () => {
  const erased = new ErasedSubjects('shop');
  const order: string[] = [];
  const ended: { reading?: () => void } = {};
  const reading = db.sql.transaction(async (tx) => {
    await erased.read(tx);
    await new Promise<void>((resolve) => (ended.reading = resolve));
    order.push('read');
  });
  await eventually(() => expect(ended.reading).toBeDefined());
  const recording = db.sql.transaction(async (tx) => {
    await new ErasedSubjects('shop').record(tx, { subject: 'eve', until: 10 });
    order.push('recorded');
  });
  await eventually(async () => {
    const waiting = await db.sql.query(`SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'`);
    expect(waiting).toHaveLength(1);
  });
  const late = db.sql.transaction(async (tx) => (await erased.read(tx))('eve', 't', 1));
  ended.reading?.();
  await Promise.all([reading, recording]);
  expect(order).toEqual(['read', 'recorded']);
  expect(await late).toBe(true);
});

test('what was parked or buried of the subject goes, on the topics that are meant', async () => {
  const [parking, letters] = [new Parking('shop'), new DeadLetters('shop')];
  const message = (key: string, offset: number) => ({ key, partition: 0, offset, message: 'm' });
  const lanes = ['events.a', 'events.b'].map((topic) => ({ group: 'shop', topic }));
  await db.sql.transaction(async (tx) => {
    for (const lane of lanes) {
      await parking.parkKey(tx, lane, 'fred', { reason: 'r' });
      await parking.queue(tx, lane, [message('fred', 1), message('fred', 2)]);
      await letters.add(tx, lane, [
        { ...message('fred', 3), reason: 'r' },
        { ...message('gus', 4), reason: 'r' },
      ]);
    }
  });
  expect(await db.sql.transaction((tx) => eraseUndelivered(tx, 'shop', 'fred', (topic) => topic === 'events.a'))).toBe(3);
  expect(await parking.list(db.sql, { group: 'shop', topic: 'events.a' }, 10)).toEqual([]);
  expect(await parking.list(db.sql, { group: 'shop', topic: 'events.b' }, 10)).toHaveLength(1);
  expect((await letters.list(db.sql, {}, 10)).map(({ key, topic }) => `${topic} ${key}`)).toEqual([
    'events.a gus',
    'events.b fred',
    'events.b gus',
  ]);
  expect(await db.sql.transaction((tx) => eraseUndelivered(tx, 'shop', 'nobody'))).toBe(0);
});
