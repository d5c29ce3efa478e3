import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir } from '@roofshot/testing/temp-dir';
import type { TempDir } from '@roofshot/testing/temp-dir';
import { startChildOwner } from '../../test/child-owner.ts';
import { openSql } from '../open-sql.ts';
import type { Sql } from '../sql.ts';
import { embeddedPostgres, readEmbeddedUrl } from './embedded-postgres.ts';
import { processStart } from './process-identity.ts';

let work: TempDir;
let home: string;
beforeAll(async () => {
  work = await tempDir('embedded');
  home = join(work.path, 'a home of mode 700', 'data');
  await mkdir(home, { recursive: true, mode: 0o700 });
});
afterAll(() => work.remove());

/** Connects, works, and closes. */
async function using<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = await openSql(url, { poolSize: 2 });
  try {
    return await work(sql);
  } finally {
    await sql.close();
  }
}

test('starts in a folder with a space below a closed one, keeps what was committed, and is gone after stop', async () => {
  const first = await embeddedPostgres(home);
  await using(first.url, async (sql) => {
    await sql.query('CREATE TABLE kept (n integer)');
    await sql.query('INSERT INTO kept VALUES (1)');
  });
  await Promise.all([first.stop(), first.stop()]);
  expect(await processStart(first.pid)).toBeUndefined();
  await expect(openSql(first.url)).rejects.toThrow('ECONNREFUSED');

  const second = await embeddedPostgres(home);
  expect(await using(second.url, (sql) => sql.query('SELECT n FROM kept'))).toEqual([{ n: 1 }]);
  await second.stop();
  expect((await readdir(home)).sort()).toEqual(['pgdata', 'postgres.log']);
});

test('is durable, small, on loopback and behind a password that only the owner can read', async () => {
  const server = await embeddedPostgres(home);
  const url = new URL(server.url);
  expect(url.hostname).toBe('127.0.0.1');
  expect(Number(url.port)).toBeLessThan(32_768);
  const settings = await using(server.url, (sql) =>
    sql.query(`SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'listen_addresses') ORDER BY name`),
  );
  expect(settings.map(({ setting }) => setting)).toEqual(['on', '127.0.0.1', 'on']);
  expect((await stat(join(home, 'pgdata', 'roofshot-password'))).mode & 0o777).toBe(0o600);
  url.password = 'guess';
  await expect(openSql(url.href)).rejects.toThrow('Correct the user "roofshot" or its password');
  await server.stop();
});

test('its URL can be read while it runs, and there is a sentence when it does not', async () => {
  const server = await embeddedPostgres(home);
  expect(await readEmbeddedUrl(home)).toBe(server.url);
  await server.stop();
  await expect(readEmbeddedUrl(home)).rejects.toThrow(`No database runs in ${home}. Start it with: roofshot up --data`);
});

test('a second owner is refused, in this process and in another, and is told who holds the folder', async () => {
  const server = await embeddedPostgres(home);
  await expect(embeddedPostgres(home)).rejects.toThrow('This process has already opened the data folder');
  const other = startChildOwner(home);
  const { error } = (await other.said) ?? {};
  await other.end();
  expect(error).toContain(`The data folder ${home} is in use by process ${process.pid}`);
  expect(error).toContain(`Stop that process first (kill ${process.pid}), or choose another folder.`);
  expect(await using(server.url, (sql) => sql.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  await server.stop();
});

test('of four processes that start at once exactly one owns the folder', async () => {
  const owners = Array.from({ length: 4 }, () => startChildOwner(home));
  const said = await Promise.all(owners.map((owner) => owner.said));
  expect(said.filter((line) => line?.url !== undefined)).toHaveLength(1);
  expect(said.filter((line) => line?.error?.includes('is in use by process'))).toHaveLength(3);
  await Promise.all(owners.map((owner) => owner.end()));
});

test('after kill -9 of the owner the next one ends the orphan and finds everything that was committed, and nothing else', async () => {
  const owner = startChildOwner(home);
  const { url = '', pid: orphan = 0 } = (await owner.said) ?? {};
  const sql = await openSql(url, { poolSize: 2 });
  await sql.query('CREATE TABLE survived (n integer)');
  await sql.query('INSERT INTO survived VALUES (1)');
  const open = sql.transaction(async (tx) => {
    await tx.query('INSERT INTO survived VALUES (2)');
    await tx.query('SELECT pg_sleep(60)');
  });
  const broken = open.catch((error: unknown) => error);
  await eventually(() => sql.query(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'`).then(({ length }) => length));
  await owner.kill();
  expect(await processStart(orphan)).toBeDefined();

  const said: string[] = [];
  const server = await embeddedPostgres(home, { log: (line) => said.push(line) });
  expect(await broken).toMatchObject({ name: 'LostConnection', outcome: 'not applied' });
  expect(said).toEqual([`A PostgreSQL that lost its owner (process ${orphan}) is ended and started again.`]);
  expect(await processStart(orphan)).toBeUndefined();
  expect(server.url).toBe(url); // so other processes' pools heal by themselves
  expect(await sql.query('SELECT n FROM survived')).toEqual([{ n: 1 }]);
  await sql.close();
  await server.stop();
});

test('a PostgreSQL that is killed is started again; committed rows, pools and listeners come back', async () => {
  const said: string[] = [];
  const server = await embeddedPostgres(home, { log: (line) => said.push(line) });
  const sql = await openSql(server.url, { poolSize: 3 });
  const heard: (string | undefined)[] = [];
  await sql.listen('news', (payload) => heard.push(payload));
  await sql.query('CREATE TABLE before (n integer)');
  await sql.query('INSERT INTO before VALUES (1)');
  const killed = server.pid;
  process.kill(killed, 'SIGKILL');
  await eventually(() => server.pid !== killed, { deadlineMs: 30_000, describe: 'a new PostgreSQL' });
  expect(await sql.query('SELECT n FROM before')).toEqual([{ n: 1 }]);
  await eventually(() => expect(heard).toStrictEqual([undefined]));
  expect(said[0]).toContain('PostgreSQL ended by itself (signal SIGKILL) and is started again.');
  expect(said.at(-1)).toContain(`PostgreSQL runs again (process ${server.pid}).`);
  await sql.close();
  await server.stop();
});

test('a crash of one session, which restarts the whole server, is survived', async () => {
  const server = await embeddedPostgres(home);
  const sql = await openSql(server.url, { poolSize: 1 });
  const [session] = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  process.kill(session?.pid ?? 0, 'SIGKILL');
  expect(await eventually(() => sql.query('SELECT 1 AS one'), { deadlineMs: 30_000 })).toEqual([{ one: 1 }]);
  await sql.close();
  await server.stop();
});

test('an initialisation that was killed half-way leaves waste only, which the next start clears away', async () => {
  const fresh = join(work.path, 'killed while young');
  const owner = startChildOwner(fresh);
  await eventually(() => readdir(fresh).then((names) => names.some((name) => name.startsWith('init-'))), { deadlineMs: 30_000 });
  await owner.kill();
  expect(await readdir(fresh)).not.toContain('pgdata');
  const server = await embeddedPostgres(fresh);
  expect(await using(server.url, (sql) => sql.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  await server.stop();
  expect((await readdir(fresh)).sort()).toEqual(['pgdata', 'postgres.log']);
});

test('one process may open the folder several times as a database; the last to close ends the server', async () => {
  const [first, second] = await Promise.all([openSql(`embedded:${home}`), openSql(`embedded:${home}`, { poolSize: 1 })]);
  expect(second.url).toBe(first.url);
  await first.close();
  expect(await second.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await second.close();
  await expect(readEmbeddedUrl(home)).rejects.toThrow('No database runs');
});

describe('refuses with the remedy', () => {
  test('a folder that cannot be written', async () => {
    await expect(embeddedPostgres('/sys/roofshot')).rejects.toThrow(
      /The data folder \/sys\/roofshot (may not be written by this user|lies on a read-only file system).*[Cc]hoose/,
    );
  });

  test('a path that leads through a file', async () => {
    const file = join(work.path, 'a file');
    await writeFile(file, '');
    await expect(embeddedPostgres(join(file, 'data'))).rejects.toThrow('a part of its path is a file. Choose another folder.');
  });

  test("another major version's files, which stay untouched", async () => {
    const old = join(work.path, 'old');
    await mkdir(join(old, 'pgdata'), { recursive: true });
    await writeFile(join(old, 'pgdata', 'PG_VERSION'), '9\n');
    await expect(embeddedPostgres(old)).rejects.toThrow(/holds files of PostgreSQL 9, and this program brings PostgreSQL \d+/);
    expect(await readFile(join(old, 'pgdata', 'PG_VERSION'), 'utf8')).toBe('9\n');
    expect(await readdir(old)).toEqual(['pgdata']); // the claim is given back
  });

  test("a pgdata folder that holds somebody's files, which stay untouched", async () => {
    const foreign = join(work.path, 'foreign');
    await mkdir(join(foreign, 'pgdata'), { recursive: true });
    await writeFile(join(foreign, 'pgdata', 'thesis.txt'), 'years of work');
    await expect(embeddedPostgres(foreign)).rejects.toThrow('holds files (thesis.txt …) but is no complete PostgreSQL folder');
    expect(await readFile(join(foreign, 'pgdata', 'thesis.txt'), 'utf8')).toBe('years of work');
  });

  test('a lost password file', async () => {
    const lost = join(work.path, 'lost');
    await (await embeddedPostgres(lost)).stop();
    await rm(join(lost, 'pgdata', 'roofshot-password'));
    await expect(embeddedPostgres(lost)).rejects.toThrow(/password file .* is missing. Restore it/);
    await expect(readEmbeddedUrl(lost)).rejects.toThrow('No database runs');
  });
});
