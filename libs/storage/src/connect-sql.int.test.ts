/** What a PostgreSQL URL can have wrong: each is told with its remedy and without the password. */
import { randomBytes } from 'node:crypto';
import { forgeServer, replacing } from '@roofshot/testing/forged-server';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrate } from './migrate.ts';
import { openSql } from './open-sql.ts';
import type { Sql } from './sql.ts';
import { isLostConnection } from './sql-errors.ts';

class CreateThings1700000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE things (id bigint)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE things');
  }
}

const PASSWORD = 'secret-of-a-test';
const role = `limited_${randomBytes(4).toString('hex')}`;
let db: TestDatabase;
const opened: Sql[] = [];

beforeAll(async () => {
  db = await testDatabase();
  await db.sql.query(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
});
afterAll(async () => {
  await Promise.all(opened.map((sql) => sql.close()));
  await db.sql.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await db.drop();
});

function urlWith(change: (url: URL) => void): string {
  const url = new URL(db.url);
  url.username = role;
  url.password = PASSWORD;
  change(url);
  return url.href;
}

async function open(change: (url: URL) => void = () => undefined): Promise<Sql> {
  const sql = await openSql(urlWith(change), { poolSize: 1 });
  opened.push(sql);
  return sql;
}

describe('connecting to PostgreSQL', () => {
  test.each([
    [
      'a wrong password',
      (url: URL): string => (url.password = 'other'),
      `Correct the user "${role}" or its password in the URL, percent-encoded.`,
    ],
    [
      'a database that is not there',
      (url: URL): string => (url.pathname = '/nowhere'),
      'database "nowhere" does not exist. Create it (CREATE DATABASE …)',
    ],
    [
      'TLS where there is none',
      (url: URL) => url.searchParams.set('sslmode', 'verify-full'),
      'Leave sslmode out of the URL, or set up TLS',
    ],
  ] as const)('refuses %s with the remedy', async (_, change, remedy) => {
    const failure = (await open((url) => void change(url)).catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ name: 'ServerRefusal', message: expect.stringContaining(remedy) });
    expect(failure.message).not.toMatch(/secret-of-a-test|other/);
    expect(isLostConnection(failure)).toBe(false);
  });

  test('refuses a server that is too old', async () => {
    const [row] = await db.sql.query<{ version: string }>('SELECT current_setting($1) AS version', ['server_version_num']);
    const forged = await forgeServer(new URL(db.url), replacing(Buffer.from(row?.version ?? ''), Buffer.from('140012')));
    await expect(open((url) => (url.port = String(forged.port)))).rejects.toThrow(/ is version 14\. Use 15 or later\.$/);
    await forged.close();
  });

  test('tells a user that may not enter how to be let in', async () => {
    await db.sql.query(`REVOKE CONNECT ON DATABASE ${new URL(db.url).pathname.slice(1)} FROM public`);
    await expect(open()).rejects.toThrow(`Let the user in: GRANT CONNECT ON DATABASE … TO "${role}".`);
    await db.sql.query(`GRANT CONNECT ON DATABASE ${new URL(db.url).pathname.slice(1)} TO public`);
  });
});

describe('a user with few rights', () => {
  test('is told how schemas can be made', async () => {
    const database = new URL(db.url).pathname.slice(1);
    const migrating = migrate(await open(), 'orders', [CreateThings1700000000010]);
    await expect(migrating).rejects.toThrow(
      `GRANT CREATE ON DATABASE "${database}" TO "${role}"; or for each of them: CREATE SCHEMA … AUTHORIZATION "${role}".`,
    );
  });

  test('needs none beyond a schema of its own', async () => {
    await db.sql.query(`CREATE SCHEMA given AUTHORIZATION ${role}`);
    expect(await migrate(await open(), 'given', [CreateThings1700000000010])).toEqual(['CreateThings1700000000010']);
  });

  test("is told of a schema that is somebody else's", async () => {
    await db.sql.query('CREATE SCHEMA foreigners');
    await expect(migrate(await open(), 'foreigners', [CreateThings1700000000010])).rejects.toThrow(
      /The schema "foreigners" in .* belongs to another user: .*permission denied.*ALTER SCHEMA foreigners OWNER TO/,
    );
  });
});
