import { testDatabase } from './postgres.ts';

test('each call gives an empty database of its own, and drop removes it although others are connected', async () => {
  const [first, second] = await Promise.all([testDatabase(), testDatabase()]);
  await first.sql.query('CREATE TABLE only_here (n integer)');
  expect(await second.sql.query(`SELECT to_regclass('only_here') AS found`)).toEqual([{ found: null }]);
  const name = new URL(first.url).pathname.slice(1);
  await first.drop();
  expect(await second.sql.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])).toEqual([]);
  await second.drop();
});
