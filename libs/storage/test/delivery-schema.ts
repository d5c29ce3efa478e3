import { testDatabase } from '@roofshot/testing/postgres';
import type { TestDatabase } from '@roofshot/testing/postgres';
import { deliveryMigrations } from '../src/delivery-migrations.ts';
import { migrate } from '../src/migrate.ts';

/** A fresh database with the delivery tables in the schema `shop`. */
export async function databaseWithDelivery(): Promise<TestDatabase> {
  const db = await testDatabase();
  await migrate(db.sql, 'shop', deliveryMigrations);
  return db;
}
