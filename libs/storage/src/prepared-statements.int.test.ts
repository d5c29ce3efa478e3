import { testDatabase } from '@roofshot/testing/postgres';
import type { TestDatabase } from '@roofshot/testing/postgres';
import { openSql } from './open-sql.ts';
import type { Sql } from './sql.ts';

interface Prepared {
  readonly statement: string;
  readonly generic: number;
  readonly custom: number;
}

const ROW = 'SELECT * FROM things WHERE id = $1';
let db: TestDatabase;
/** One connection, so that the statements prepared on it can be seen. */
let sql: Sql;

beforeAll(async () => (db = await testDatabase()));
beforeEach(async () => {
  sql = await openSql(db.url, { poolSize: 1 });
  await sql.query('DROP TABLE IF EXISTS things');
  await sql.query('CREATE TABLE things (id integer PRIMARY KEY)');
  await sql.query('INSERT INTO things VALUES (1), (2)');
});
afterEach(() => sql.close());
afterAll(() => db.drop());

const prepared = (): Promise<Prepared[]> =>
  sql.query('SELECT statement, generic_plans AS generic, custom_plans AS custom FROM pg_prepared_statements ORDER BY statement');

async function ask(times: number, text = ROW): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let n = 0; n < times; n += 1) answers.push(await sql.query(text, [1]));
  return answers;
}

it('is what a statement becomes that is asked again and again; its parameters are planned for each time', async () => {
  expect(await ask(20)).toEqual(Array(20).fill([{ id: 1 }]));
  expect(await sql.query(ROW, [2])).toEqual([{ id: 2 }]);
  expect(await prepared()).toEqual([{ statement: ROW, generic: 0, custom: 17 }]);
});

it('also without parameters', async () => {
  for (let n = 0; n < 6; n += 1) expect(await sql.query('SELECT count(*) AS count FROM things')).toEqual([{ count: 2 }]);
  expect(await prepared()).toMatchObject([{ statement: 'SELECT count(*) AS count FROM things' }]);
});

it('and neither what is asked once, nor texts that are made anew, without end', async () => {
  for (let n = 0; n < 2_000; n += 1) await sql.query(`SELECT $1::int + ${n} AS sum`, [1]);
  expect(await prepared()).toEqual([]);
  for (let n = 0; n < 300; n += 1) await ask(5, `SELECT $1::int + ${n} AS sum`);
  expect(await prepared()).toHaveLength(256);
  expect(await ask(6, 'SELECT $1::int - 1 AS difference')).toEqual(Array(6).fill([{ difference: 0 }]));
});

it('is prepared anew when its table has changed, alone and in a transaction', async () => {
  await ask(6);
  await sql.query("ALTER TABLE things ADD COLUMN name text DEFAULT 'one'");
  expect(await ask(2)).toEqual(Array(2).fill([{ id: 1, name: 'one' }]));
  await sql.query('ALTER TABLE things DROP COLUMN name');
  const written = await sql.transaction(async (tx) => {
    await tx.query('INSERT INTO things VALUES ($1)', [3]);
    return tx.query(ROW, [3]);
  });
  expect(written).toEqual([{ id: 3 }]);
});

it('is prepared anew when the server has forgotten it', async () => {
  await ask(6);
  await sql.query('DEALLOCATE ALL');
  expect(await ask(2)).toEqual(Array(2).fill([{ id: 1 }]));
  await sql.query('DEALLOCATE ALL');
  expect(await sql.transaction((tx) => tx.query(ROW, [1]))).toEqual([{ id: 1 }]);
});

it('several statements in one text are run as ever', async () => {
  const twice = 'INSERT INTO things VALUES (10); DELETE FROM things WHERE id = 10';
  for (let n = 0; n < 6; n += 1) expect(await sql.query(twice)).toEqual([]);
});
