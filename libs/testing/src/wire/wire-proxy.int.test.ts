import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { eventually } from '../eventually.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { postgresWire } from './postgres-wire.ts';
import { WireProxy, type Moment } from './wire-proxy.ts';

describe('a proxy before PostgreSQL', () => {
  let database: TestDatabase;
  let proxy: WireProxy;
  let through: Sql;
  beforeAll(async () => {
    database = await testDatabase();
    await database.sql.query('CREATE TABLE kept (n integer)');
    const url = new URL(database.url);
    proxy = await WireProxy.start({ hostname: url.hostname, port: Number(url.port) }, postgresWire);
    url.port = String(proxy.address.port);
    through = await openSql(url.href, { poolSize: 2, applicationName: 'behind the proxy' });
  });
  afterAll(async () => {
    proxy.heal();
    await through.close();
    await proxy.close();
    await database.drop();
  });

  const keep = (n: number): Promise<unknown> => through.transaction((tx) => tx.query('INSERT INTO kept VALUES ($1)', [n]));
  const kept = async (): Promise<number[]> => (await database.sql.query<{ n: number }>('SELECT n FROM kept ORDER BY n')).map(({ n }) => n);

  it.each<[string, Moment, number, number[]]>([
    ['before a commit arrives, nothing is kept', { side: 'client', name: 'COMMIT' }, 1, []],
    ['after a commit and before its answer, it is kept', { side: 'server', name: 'COMMIT' }, 2, [2]],
  ])('breaks a connection at a step: %s', async (_, moment, n, expected) => {
    const acts: string[] = [];
    const { struck } = proxy.strike(moment, () => void acts.push('struck'));
    await expect(keep(n)).rejects.toMatchObject({ name: 'LostConnection' });
    await struck;
    expect(acts).toEqual(['struck']);
    expect((await kept()).filter((one) => one === n)).toEqual(expected);
  });

  it('lets the message arrive where that is wished, and all others pass', async () => {
    const acts: string[] = [];
    const { struck } = proxy.strike({ side: 'client', name: 'COMMIT', nth: 2, arrives: true }, () => void acts.push('struck'));
    await keep(10);
    expect(acts).toEqual([]);
    await keep(11);
    await struck;
    expect(acts).toEqual(['struck']);
    expect(await kept()).toEqual(expect.arrayContaining([10, 11]));
  });

  it('holds everything while it is silent, and carries it on', async () => {
    proxy.fallSilent();
    let isKept = false;
    const keeping = keep(20).then(() => (isKept = true));
    await database.sql.query('SELECT pg_sleep(0.3)'); // the silence itself
    expect([isKept, (await kept()).includes(20)]).toEqual([false, false]);
    proxy.heal();
    await keeping;
    expect(await kept()).toContain(20);
  });

  it('refuses while it is told to, and takes new connections afterwards', async () => {
    proxy.refuse();
    await expect(keep(30)).rejects.toMatchObject({ name: 'LostConnection' });
    proxy.heal();
    await eventually(() => keep(31));
    expect(await kept()).toContain(31);
  });
});
