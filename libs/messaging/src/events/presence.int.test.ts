import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { Presence } from './presence.ts';

describe('the connection by which others see that a process lives', () => {
  let database: TestDatabase;
  let relay: Server;
  let sql: Sql;
  /** Connections whose end PostgreSQL has said and their clients have not heard yet. */
  const ends: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    database = await testDatabase();
    const url = new URL(database.url);
    const { hostname, port } = url;
    relay = createServer((client) => {
      const server = connect(Number(port), hostname);
      client.pipe(server);
      server.pipe(client, { end: false });
      server.on('end', () => {
        ends.push(async () => {
          if (client.closed) return;
          client.end();
          await once(client, 'close');
        });
      });
      for (const socket of [client, server]) socket.on('error', () => [client, server].forEach((one) => one.destroy()));
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    url.port = String((relay.address() as AddressInfo).port);
    sql = await openSql(url.href, { poolSize: 1 });
  });
  afterAll(async () => {
    await sql.close();
    for (const end of ends.splice(0)) await end();
    relay.close();
    await database.drop();
  });

  const presences = async (): Promise<number[]> => {
    const rows = await database.sql.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'roofshot presence'`,
    );
    return rows.map(({ pid }) => pid);
  };

  it('is made anew when it was lost, once, also where the farewell comes before the end; and it goes with the process', async () => {
    const presence = new Presence(sql);
    const first = await presence.backend();
    expect(await presence.backend()).toEqual(first);
    await database.sql.query('SELECT pg_terminate_backend($1)', [first.pid]);
    const second = await eventually(async () => {
      const now = await presence.backend();
      return now.pid !== first.pid && now;
    });
    for (const end of ends.splice(0)) await end();
    expect(await presence.backend()).toEqual(second);
    expect(await presences()).toEqual([second.pid]);
    await presence.close();
    await eventually(async () => expect(await presences()).toEqual([]));
  });
});
