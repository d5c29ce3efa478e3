import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase } from '@roofshot/testing/postgres';
import type { TestDatabase } from '@roofshot/testing/postgres';
import { openSql } from './open-sql.ts';
import { LostConnection, SqlError, isUniqueViolation, sqlState } from './sql-errors.ts';
import type { Queryable, Sql } from './sql.ts';

let db: TestDatabase;
let sql: Sql;
beforeAll(async () => {
  db = await testDatabase();
  sql = db.sql;
  await sql.query('CREATE TABLE accounts (id bigint PRIMARY KEY, balance integer NOT NULL)');
});
beforeEach(() => sql.query('TRUNCATE accounts'));
afterAll(() => db.drop());

async function balances(): Promise<Record<string, unknown>[]> {
  return sql.query('SELECT id, balance FROM accounts ORDER BY id');
}

describe('a query', () => {
  test('answers the rows, also of INSERT, UPDATE and DELETE with RETURNING, and none without', async () => {
    expect(await sql.query('INSERT INTO accounts VALUES (1, 10), (2, 20) RETURNING id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await sql.query('UPDATE accounts SET balance = 11 WHERE id = 1 RETURNING balance')).toEqual([{ balance: 11 }]);
    expect(await sql.query('UPDATE accounts SET balance = 12')).toEqual([]);
    expect(await sql.query('DELETE FROM accounts WHERE id = $1 RETURNING id', [2])).toEqual([{ id: 2 }]);
  });

  test('int8 arrives as a number, json parsed, timestamptz as a date', async () => {
    const [row] = await sql.query(`SELECT count(*) AS n, '{"a": [1]}'::jsonb AS j, '2001-01-13T10:00:00Z'::timestamptz AS t FROM accounts`);
    expect(row).toEqual({ n: 0, j: { a: [1] }, t: new Date('2001-01-13T10:00:00Z') });
  });

  test('an int8 that no number can hold is an error and not a rounded number', async () => {
    await expect(sql.query('SELECT 9007199254740993::int8 AS big')).rejects.toThrow('does not fit a number exactly');
    expect(await sql.query('SELECT 9007199254740993::int8::text AS big')).toEqual([{ big: '9007199254740993' }]);
  });

  test('a refused statement tells the reason, the SQLSTATE and the constraint, but not the parameters', async () => {
    await sql.query('INSERT INTO accounts VALUES (1, 10)');
    const error = await sql.query('INSERT INTO accounts VALUES ($1, $2)', [1, 424_242]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SqlError);
    expect(sqlState(error)).toBe('23505');
    expect(isUniqueViolation(error, 'accounts_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'another_key')).toBe(false);
    expect(JSON.stringify(error) + String(error)).not.toContain('424242');
  });
});

describe('a transaction', () => {
  test('commits what it did when the work returns', async () => {
    const answer = await sql.transaction(async (tx) => {
      await tx.query('INSERT INTO accounts VALUES (1, 10)');
      return 'done';
    });
    expect(answer).toBe('done');
    expect(await balances()).toEqual([{ id: 1, balance: 10 }]);
  });

  test('leaves nothing behind when the work throws', async () => {
    const failing = sql.transaction(async (tx) => {
      await tx.query('INSERT INTO accounts VALUES (1, 10)');
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await balances()).toEqual([]);
  });

  test('a swallowed failure of a statement does not pass for a commit', async () => {
    const careless = sql.transaction(async (tx) => {
      await tx.query('INSERT INTO accounts VALUES (1, 10)');
      await tx.query('INSERT INTO no_such_table VALUES (1)').catch(() => undefined);
    });
    await expect(careless).rejects.toThrow('one of its statements had failed and the code went on');
    expect(await balances()).toEqual([]);
  });

  test('a failure that was rolled back to a savepoint does not spoil the rest', async () => {
    await sql.transaction(async (tx) => {
      await tx.query('INSERT INTO accounts VALUES (1, 10)');
      await tx.query('SAVEPOINT before');
      await tx.query('INSERT INTO accounts VALUES (1, 11)').catch(() => undefined);
      await tx.query('ROLLBACK TO SAVEPOINT before');
      await tx.query('INSERT INTO accounts VALUES (2, 20)');
    });
    expect(await balances()).toHaveLength(2);
  });

  test('statements that are not awaited one by one run in their order, before the commit', async () => {
    await sql.transaction(async (tx) => {
      const pending = [1, 2, 3].map((id) => tx.query('INSERT INTO accounts VALUES ($1, 0)', [id]));
      await tx.query('UPDATE accounts SET balance = 7');
      await Promise.all(pending);
    });
    expect((await balances()).map(({ balance }) => balance)).toEqual([7, 7, 7]);
  });

  test('a statement after the end is refused', async () => {
    let leaked: Queryable | undefined;
    await sql.transaction((tx) => Promise.resolve((leaked = tx)));
    await expect(leaked?.query('SELECT 1')).rejects.toThrow('after its transaction had ended');
  });

  test('rivals that lock rows in opposite orders both get through: deadlocks are tried again', async () => {
    await sql.query('INSERT INTO accounts VALUES (1, 0), (2, 0)');
    let attempts = 0;
    const both = barrier(2);
    const add = (first: number, second: number) =>
      sql.transaction(async (tx) => {
        attempts += 1;
        await tx.query('UPDATE accounts SET balance = balance + 1 WHERE id = $1', [first]);
        if (attempts <= 2) await both();
        await tx.query('UPDATE accounts SET balance = balance + 1 WHERE id = $1', [second]);
      });
    await Promise.all([add(1, 2), add(2, 1)]);
    expect(attempts).toBe(3);
    expect((await balances()).map(({ balance }) => balance)).toEqual([2, 2]);
  });

  test('gives up after the first try and five retries', async () => {
    let attempts = 0;
    const hopeless = sql.transaction(async (tx) => {
      attempts += 1;
      await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'no luck' USING ERRCODE = '40001'; END $$`);
    });
    await expect(hopeless).rejects.toThrow('no luck');
    expect(attempts).toBe(6);
  });
});

describe('a broken connection', () => {
  test('gives an error that says so, and the next query works', async () => {
    const broken = sql.query('SELECT pg_terminate_backend(pg_backend_pid())');
    await expect(broken).rejects.toThrow(LostConnection);
    await expect(broken).rejects.toThrow(/The connection to PostgreSQL at .* is lost/);
    expect(await sql.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('in a transaction it applies nothing, says so, and is not given to the next', async () => {
    const broken = sql.transaction(async (tx) => {
      await tx.query('INSERT INTO accounts VALUES (1, 10)');
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(broken).rejects.toMatchObject({ name: 'LostConnection', outcome: 'not applied' });
    expect(await balances()).toEqual([]);
  });

  test('during COMMIT the outcome is unknown, and the error says that', async () => {
    await sql.query(
      `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'`,
    );
    await sql.query(
      `CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON accounts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`,
    );
    const broken = sql.transaction((tx) => tx.query('INSERT INTO accounts VALUES (1, 10)'));
    await expect(broken).rejects.toMatchObject({ name: 'LostConnection', outcome: 'unknown' });
    await sql.query('DROP TRIGGER dies ON accounts');
  });

  test('idle connections that the server ends do not end the process, and are replaced', async () => {
    await Promise.all([1, 2, 3].map(() => sql.query('SELECT pg_sleep(0.02)')));
    await endOthers(sql);
    const answers = await Promise.all([1, 2, 3, 4].map((n) => eventually(() => sql.query('SELECT $1::int AS n', [n]))));
    expect(answers.flat()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  });

  test('a server that cannot be reached is named without the password', async () => {
    const refused = await openSql('postgres://someone:secret@127.0.0.1:1/nothing').catch(String);
    expect(refused).toContain('No PostgreSQL answers at 127.0.0.1:1/nothing: connect ECONNREFUSED');
    expect(refused).not.toContain('secret');
  });
});

describe('closing', () => {
  test('waits for what runs, and then refuses what is new', async () => {
    const other = await openSql(db.url, { poolSize: 2 });
    const slow = other.query('SELECT pg_sleep(0.1), 1 AS one');
    const transaction = other.transaction(async (tx) => {
      await tx.query('SELECT pg_sleep(0.05)');
      await tx.query('INSERT INTO accounts VALUES (9, 9)');
    });
    await Promise.all([other.close(), other.close()]);
    expect(await slow).toMatchObject([{ one: 1 }]);
    await transaction;
    expect(await balances()).toEqual([{ id: 9, balance: 9 }]);
    await expect(other.query('SELECT 1')).rejects.toThrow('was closed by this process');
    await expect(other.listen('news', () => undefined)).rejects.toThrow('was closed');
  });
});

describe('listening', () => {
  test('hears payloads on its own channel until it stops', async () => {
    const heard: (string | undefined)[] = [];
    const stop = await sql.listen('odd "channel"', (payload) => heard.push(payload));
    const stopOther = await sql.listen('other', () => heard.push('wrong channel'));
    await sql.notify('odd "channel"', 'first');
    await sql.notify('odd "channel"');
    await eventually(() => expect(heard).toStrictEqual(['first', '']));
    await stop();
    await sql.notify('odd "channel"', 'unheard');
    await sql.notify('other', 'last');
    await eventually(() => expect(heard).toStrictEqual(['first', '', 'wrong channel']));
    await stopOther();
  });

  test('after a broken connection it listens again and tells once that something may be missing', async () => {
    const heard: (string | undefined)[] = [];
    const stop = await sql.listen('healed', (payload) => heard.push(payload));
    await endOthers(sql);
    await eventually(() => expect(heard).toStrictEqual([undefined]));
    await sql.notify('healed', 'back');
    await eventually(() => expect(heard).toStrictEqual([undefined, 'back']));
    await stop();
  });

  test('many come and go at once over one connection, which is never asked two things at a time: what pg deprecates ends this program', async () => {
    const program = `
      import { openSql } from '${new URL('./open-sql.ts', import.meta.url).href}';
      const sql = await openSql(process.env.URL);
      const channels = ['one', 'two', 'three'];
      const listen = () => Promise.all(channels.map((channel) => sql.listen(channel, () => undefined)));
      const [first, second] = await Promise.all([listen(), listen()]);
      await Promise.all(first.map((stop) => stop()));
      const last = Promise.withResolvers();
      await Promise.all([...second.map((stop) => stop()), sql.listen('two', last.resolve)]);
      await sql.notify('two', 'heard');
      process.stdout.write(await last.promise);
      await sql.close();`;
    const loader = new URL('../../../register.mjs', import.meta.url).href;
    const args = ['--throw-deprecation', '--import', loader, '--input-type=module', '-e', program];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, URL: db.url } });
    expect({ stdout, stderr }).toEqual({ stdout: 'heard', stderr: '' });
  });

  test('a payload that PostgreSQL cannot carry is refused with its size', async () => {
    await expect(sql.notify('any', 'é'.repeat(4_000))).rejects.toThrow('has 8000 bytes and PostgreSQL carries at most 7999');
  });
});

describe('identity', () => {
  test('is equal for two URLs of one database and differs between databases', async () => {
    const sameUrl = new URL(db.url);
    sameUrl.searchParams.set('application_name', 'another look');
    const [same, other] = await Promise.all([openSql(sameUrl.href), testDatabase()]);
    expect(await same.identity()).toBe(await sql.identity());
    expect(await other.sql.identity()).not.toBe(await sql.identity());
    await same.close();
    await other.drop();
  });
});

test('an address that is no URL is refused without repeating it, as it may hold a password', async () => {
  const refused = await openSql('postgres://u:secret@ho st/x').catch(String);
  expect(refused).toContain('The address of the database cannot be read: it is no URL. Its form is postgres://');
  expect(refused).not.toContain('secret');
});

test('an unknown scheme is refused with what is supported', async () => {
  await expect(openSql('mysql://localhost/x')).rejects.toThrow('Use postgres://user:password@host:port/database or embedded:DIR.');
});

/** Ends all connections to the test's database but the one that asks. */
async function endOthers(asking: Sql): Promise<void> {
  await asking.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
}

/** Resolves for all when `count` have arrived. */
function barrier(count: number): () => Promise<void> {
  let arrived = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return () => {
    arrived += 1;
    if (arrived === count) open();
    return opened;
  };
}
