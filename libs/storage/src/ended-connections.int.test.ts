/** Connections that PostgreSQL ends at moments at which nobody asks it anything: whoever asks next is told, and the process lives on. */
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { postgresWire } from '@roofshot/testing/postgres-wire';
import { WireProxy } from '@roofshot/testing/wire-proxy';
import { migrate } from './migrate.ts';
import { openSql } from './open-sql.ts';
import type { Sql } from './sql.ts';

const READY_FOR_QUERY = 'Z'.charCodeAt(0);
const ERROR_RESPONSE = 'E'.charCodeAt(0);
const NAME = 'is ended';

let db: TestDatabase;
let proxy: WireProxy;
let through: Sql;
beforeAll(async () => {
  db = await testDatabase();
  await db.sql.query('CREATE TABLE kept (n integer)');
  const url = new URL(db.url);
  proxy = await WireProxy.start({ hostname: url.hostname, port: Number(url.port) }, postgresWire);
  url.port = String(proxy.address.port);
  through = await openSql(url.href, { poolSize: 3, applicationName: NAME });
});
afterAll(async () => {
  await through.close();
  await proxy.close();
  await db.drop();
});

const pidsOf = async (applicationName: string): Promise<number[]> => {
  const rows = await db.sql.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
    [applicationName],
  );
  return rows.map(({ pid }) => pid);
};
const end = (pids: readonly number[]): Promise<unknown> =>
  db.sql.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [pids]);

/** PostgreSQL's welcome to the next connection of that name and its farewell to it arrive in one piece, as they do where the end comes just then. */
function endNextWhenMade(applicationName: string): { readonly ended: Promise<void> } {
  const ended = Promise.withResolvers<void>();
  const before = pidsOf(applicationName);
  let welcome: Buffer | undefined;
  const passAll = proxy.intercept(({ side, bytes }) => {
    if (side === 'server' && welcome === undefined && bytes[0] === READY_FOR_QUERY) {
      welcome = bytes;
      before
        .then(async (old) => end((await pidsOf(applicationName)).filter((pid) => !old.includes(pid))))
        .catch((error: unknown) => ended.reject(error as Error));
      return undefined;
    }
    if (side !== 'server' || welcome === undefined || bytes[0] !== ERROR_RESPONSE) return bytes;
    passAll();
    ended.resolve();
    return Buffer.concat([welcome, bytes]);
  });
  return { ended: ended.promise };
}

describe('a connection that PostgreSQL ends', () => {
  it('in the moment in which it is made is told to the statement that wanted it, and the next one gets another', async () => {
    await through.transaction(async (tx) => {
      await tx.query('INSERT INTO kept VALUES (1)'); // holds the connection that there is, so that the next statement makes one
      const { ended } = endNextWhenMade(NAME);
      await expect(through.query('SELECT 1')).rejects.toMatchObject({ name: 'LostConnection', outcome: 'not applied' });
      await ended;
      expect(await through.query('SELECT 2 AS two')).toEqual([{ two: 2 }]);
    });
    expect(await db.sql.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  it('between two statements of a transaction is told to the second, and nothing of the first is kept', async () => {
    const broken = through.transaction(async (tx) => {
      await tx.query('INSERT INTO kept VALUES (2)');
      await end(await pidsOf(NAME));
      await eventually(async () => expect(await pidsOf(NAME)).toEqual([]));
      await tx.query('INSERT INTO kept VALUES (3)');
    });
    await expect(broken).rejects.toMatchObject({ name: 'LostConnection', outcome: 'not applied' });
    expect(await db.sql.query('SELECT n FROM kept WHERE n > 1')).toEqual([]);
    // Idle ones were ended, too, and the pool may not have heard of it yet.
    expect(await eventually(() => through.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  it('while a migration waits for its turn is told by the migration', async () => {
    await db.sql.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', ['roofshot migrate waits']);
      const migrating = migrate(through, 'waits', []).catch((error: unknown) => error);
      const pids = await eventually(async () => {
        const found = await pidsOf('roofshot migrate');
        return found.length > 0 && found;
      });
      await end(pids);
      expect(String(await migrating)).toMatch(/The schema "waits" in .* could not be brought up to date: The connection to PostgreSQL/);
    });
  });

  it('while it listens, and the one that takes its place as soon as that is made: a third one hears', async () => {
    const heard: (string | undefined)[] = [];
    const stop = await through.listen('news', (payload) => heard.push(payload));
    const { ended } = endNextWhenMade('roofshot listener');
    await end(await pidsOf('roofshot listener'));
    await ended;
    await eventually(() => expect(heard).toStrictEqual([undefined]));
    await db.sql.notify('news', 'heard');
    await eventually(() => expect(heard).toStrictEqual([undefined, 'heard']));
    await stop();
  });
});
