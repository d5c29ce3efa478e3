import { testDatabase } from '@roofshot/testing/postgres';
import type { TestDatabase } from '@roofshot/testing/postgres';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.sql.query('CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL)');
});
afterAll(() => db.drop());

test('x', async () => {
  expect(await db.sql.query('INSERT INTO t VALUES (1,2) RETURNING id, n')).toEqual([{ id: 1, n: 2 }]);
});
