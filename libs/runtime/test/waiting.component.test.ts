/** Processes that are started before what they need: they wait, say for what, and go on when it comes. */
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '@roofshot/testing/eventually';
import { freePorts } from '@roofshot/testing/free-ports';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { startChild, type Child } from './child.ts';

const START_MS = 60_000;

let folder: TempDir;
let port: number;
/** Of a PostgreSQL that does not run yet. */
let sqlUrl: string;
const children: Child[] = [];

const startPostgres = (): ReturnType<typeof startServer> => startServer('postgres', { folder: join(folder.path, 'postgres') });

beforeAll(async () => {
  folder = await tempDir('runtime waiting');
  const server = await startPostgres();
  sqlUrl = server.url;
  await server.stop();
}, START_MS);
beforeEach(async () => {
  [port = 0] = await freePorts(1);
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.end('SIGKILL')));
});
afterAll(() => folder.remove());

function start(main: string, env: Readonly<Record<string, string>>): Child {
  const child = startChild(main, { DATA_DIR: join(folder.path, 'data'), ...env });
  children.push(child);
  return child;
}

const startTally = (env: Readonly<Record<string, string>> = {}): Child =>
  start('./tally-main.ts', { SQL_URL: sqlUrl, TALLY_PORT: String(port), LOG_FILE: join(folder.path, 'log'), ...env });

async function ask(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** As soon as anything answers at the port. */
const first = (path: string): ReturnType<typeof ask> => eventually(() => ask(path), { deadlineMs: START_MS });

describe('a service whose database does not answer yet', () => {
  test('is alive and not ready, says what it waits for, and starts when it has come', async () => {
    const child = startTally();
    const { host } = new URL(sqlUrl);
    const waiting = expect.stringMatching(
      new RegExp(`^SQL_URL: No PostgreSQL answers at ${host}/postgres: .*ECONNREFUSED.* Start it, or correct the URL\\.$`),
    ) as string;
    expect(await first('/readyz')).toEqual({
      status: 503,
      body: { service: 'tally', ready: false, waitsFor: [waiting], troubles: [], lag: 0 },
    });
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: { healthy: true } });
    const refused = await ask('/v1/tallies/any');
    expect(refused).toMatchObject({ status: 503, body: { detail: expect.stringContaining(host) as string } });
    expect(child.said().err).toMatch(/^The start waits\. SQL_URL: .*\n$/); // its log is a file, and nobody may sit there in silence

    const server = await startPostgres();
    expect(server.url).toBe(sqlUrl);
    await eventually(async () => expect(await ask('/readyz')).toMatchObject({ status: 200, body: { ready: true, waitsFor: [] } }), {
      deadlineMs: START_MS,
    });
    expect(await child.end('SIGTERM')).toBe(0);
    await server.stop();
  }, 90_000);

  test('is told of by the gateway before it, which is open from the first moment and stays at its address', async () => {
    const child = start('./fronted-main.ts', { SQL_URL: sqlUrl, TALLY_PORT: '0', FRONT: String(port), LOG_FILE: join(folder.path, 'log') });
    const waiting = expect.stringMatching(/^SQL_URL: No PostgreSQL answers at /) as string;
    expect(await first('/status')).toEqual({
      status: 200,
      body: { ready: false, services: [{ name: 'tally', ready: false, waitsFor: [waiting], troubles: [], lag: 0 }] },
    });
    expect(await ask('/v1/tallies/any')).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('it waits. SQL_URL') as string },
    });

    const server = await startPostgres();
    await eventually(async () => expect(await ask('/readyz')).toMatchObject({ status: 200, body: { ready: true } }), {
      deadlineMs: START_MS,
    });
    expect((await ask('/v1/tallies/any')).status).toBe(200);
    expect(await child.end('SIGTERM')).toBe(0);
    await server.stop();
  }, 90_000);

  test(
    'ends in order when it is told to while it waits',
    async () => {
      const child = startTally();
      await first('/readyz');
      expect(await child.end('SIGTERM')).toBe(0);
    },
    START_MS,
  );

  test(
    'tells a port in use at once, and does not wait first',
    async () => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      const taken = String((holder.address() as AddressInfo).port);
      const child = startTally({ TALLY_PORT: taken });
      expect(await child.ended).toBe(1);
      holder.close();
      expect(child.said().err).toContain(`tally cannot listen on 127.0.0.1:${taken}: the port is in use by`);
    },
    START_MS,
  );
});

test(
  'a wrong password is no server that is away: the start ends with it',
  async () => {
    const server = await startPostgres();
    const wrong = new URL(sqlUrl);
    wrong.password = 'wrong';
    const child = startTally({ SQL_URL: wrong.href });
    expect(await child.ended).toBe(1);
    await server.stop();
    expect(child.said().err).toMatch(/^SQL_URL: .*password authentication failed/);
  },
  START_MS,
);

describe('the gateway as a process of its own', () => {
  test(
    'needs no service to start, and says which one does not answer',
    async () => {
      const [away = 0] = await freePorts(1);
      const child = start('./gateway-main.ts', { GATEWAY_PORT: String(port), GATEWAY_TALLY_URL: `http://127.0.0.1:${away}/` });
      const missing = [expect.stringContaining(`http://127.0.0.1:${away}/readyz`) as string];
      expect(await first('/readyz')).toEqual({
        status: 503,
        body: { ready: false, services: [{ name: 'tally', ready: false, waitsFor: missing, troubles: [], lag: null }] },
      });
      expect(await ask('/v1/tallies/any')).toMatchObject({ status: 503, body: { detail: expect.stringContaining('tally') as string } });
      expect(await child.end('SIGTERM')).toBe(0);
    },
    START_MS,
  );

  test(
    'tells every fault of its environment at once',
    async () => {
      const child = start('./gateway-main.ts', { GATEWAY_PORT: 'no', GATEWAY_TALLY_URL: 'tally:4101', GATEWAY_TALY_URL: 'http://x' });
      expect(await child.ended).toBe(1);
      const { err } = child.said();
      expect(err).toContain('GATEWAY_PORT=no is not allowed');
      expect(err).toContain('GATEWAY_TALLY_URL=tally:4101 is not allowed; it must be http://host:port');
      expect(err).toContain('GATEWAY_TALY_URL=*** is not allowed; there is no such key. Did you mean GATEWAY_TALLY_URL?');
    },
    START_MS,
  );
});
