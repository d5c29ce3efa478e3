import { testDatabase } from '@roofshot/testing/postgres';
import type { TestDatabase } from '@roofshot/testing/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { deliveryMigrations } from './delivery-migrations.ts';
import { migrate } from './migrate.ts';
import { openSql } from './open-sql.ts';

class CreateOrders1700000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE orders (id bigint PRIMARY KEY)');
    await runner.query('INSERT INTO orders VALUES (1)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE orders');
  }
}

class AddPrice1700000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orders ADD COLUMN price integer NOT NULL DEFAULT 7');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE orders DROP COLUMN price');
  }
}

class BreakHalfway1700000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half (id bigint)');
    await runner.query('ALTER TABLE no_such_table ADD COLUMN x integer');
  }

  async down(): Promise<void> {
    // nothing was ever applied
  }
}

let db: TestDatabase;
beforeAll(async () => (db = await testDatabase()));
afterAll(() => db.drop());

test('runs in the order of the timestamps what has not run, in a schema of its own', async () => {
  expect(await migrate(db.sql, 'shop', [CreateOrders1700000000010])).toEqual(['CreateOrders1700000000010']);
  expect(await migrate(db.sql, 'shop', [AddPrice1700000000020, CreateOrders1700000000010])).toEqual(['AddPrice1700000000020']);
  expect(await migrate(db.sql, 'shop', [AddPrice1700000000020, CreateOrders1700000000010])).toEqual([]);
  expect(await db.sql.query('SELECT id, price FROM shop.orders')).toEqual([{ id: 1, price: 7 }]);
});

test('the same migrations serve several schemas, each with a list of its own', async () => {
  await migrate(db.sql, 'first', [...deliveryMigrations, CreateOrders1700000000010]);
  await migrate(db.sql, 'second', [...deliveryMigrations]);
  expect(await db.sql.query('SELECT name FROM second.migrations ORDER BY name')).toEqual(
    deliveryMigrations.map(({ name }) => ({ name })).sort(byName),
  );
  expect(
    await db.sql.query(`SELECT to_regclass('second.outbox') IS NOT NULL AS made, to_regclass('second.orders') IS NULL AS spared`),
  ).toEqual([{ made: true, spared: true }]);
});

test('four that start at once run each migration exactly once', async () => {
  const others = await Promise.all([1, 2, 3, 4].map(() => openSql(db.url, { poolSize: 1 })));
  const ran = await Promise.all(others.map((sql) => migrate(sql, 'together', [CreateOrders1700000000010, AddPrice1700000000020])));
  expect(ran.flat().sort()).toEqual(['AddPrice1700000000020', 'CreateOrders1700000000010']);
  expect(await db.sql.query('SELECT count(*) AS n FROM together.migrations')).toEqual([{ n: 2 }]);
  await Promise.all(others.map((sql) => sql.close()));
});

test('a failing migration leaves nothing of itself, keeps those before it, and does not hold the lock', async () => {
  const all = [CreateOrders1700000000010, BreakHalfway1700000000030];
  await expect(migrate(db.sql, 'broken', all)).rejects.toThrow(
    /The schema "broken" in .* could not be brought up to date: .*no_such_table/,
  );
  expect(await db.sql.query(`SELECT to_regclass('broken.orders') IS NOT NULL AS kept, to_regclass('broken.half') AS half`)).toEqual([
    { kept: true, half: null },
  ]);
  expect(await migrate(db.sql, 'broken', [CreateOrders1700000000010, AddPrice1700000000020])).toEqual(['AddPrice1700000000020']);
});

test('a name that does not fit a schema is refused', async () => {
  await expect(migrate(db.sql, 'shop; DROP SCHEMA shop', [])).rejects.toThrow('cannot name a schema');
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
