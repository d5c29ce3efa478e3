import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { startGateway } from '../src/gateway.ts';
import { run, type RunOptions, type Running } from '../src/run.ts';
import { greeter } from './greeter.ts';
import { tally } from './tally.ts';

let database: TestDatabase;
let folder: TempDir;

beforeAll(async () => {
  database = await testDatabase();
  folder = await tempDir('run');
});
afterAll(async () => {
  await database.drop();
  await folder.remove();
});

const variables = (more: Record<string, string> = {}): Record<string, string> => ({
  SQL_URL: database.url,
  DATA_DIR: folder.path,
  TALLY_PORT: '0',
  GREETER_PORT: '0',
  LOG_LEVEL: 'warn',
  ...more,
});

const started: Running[] = [];

async function start(services: Parameters<typeof run>[0], options: RunOptions): Promise<Running> {
  const running = await run(services, options);
  started.push(running);
  return running;
}

const runBoth = (more: Record<string, string> = {}, options: RunOptions = {}): Promise<Running> =>
  start([tally, greeter], { env: variables(more), whole: true, ...options });

/** Also what a failed test has left running. */
afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
});

async function json<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

async function count(url: string, name: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const resource = { apiVersion: 'roofshot/v1', kind: 'Counter', metadata: { name }, spec: { step: 2 } };
  await fetch(`${url}/v1/counters/${name}`, { method: 'PUT', headers, body: JSON.stringify(resource) });
  await fetch(`${url}/v1/tallies/${name}`, { method: 'POST', headers, body: JSON.stringify({ id: `${name}-1` }) });
  expect(await json(`${url}/v1/tallies/${name}?additions=1&wait=20s`)).toEqual({ total: 2, additions: 1 });
}

test('two services share the ports of one process, and each has its own door, health and documents', async () => {
  const running = await runBoth({}, { clock: () => 1_000 });
  const { tally: tallyUrl = '', greeter: greeterUrl = '' } = running.urls;
  await count(tallyUrl, 'shared');
  await eventually(async () => (await json<{ heard: string[] }>(`${greeterUrl}/v1/greetings`)).heard.includes('shared'));
  expect(await json(`${greeterUrl}/v1/greetings`)).toMatchObject({ folder: join(folder.path, 'services', 'greeter'), now: 1_000 });
  expect((await fetch(`${greeterUrl}/v1/tallies/shared`)).status).toBe(404);
  for (const [name, url] of Object.entries(running.urls)) {
    await eventually(async () =>
      expect(await json(`${url}/readyz`)).toEqual({ service: name, ready: true, waitsFor: [], troubles: [], lag: 0 }),
    );
    expect(await json(`${url}/healthz`)).toMatchObject({ service: name, healthy: true });
    expect(await json(`${url}/openapi.json`)).toMatchObject({ openapi: '3.1.0', info: { title: `Roofshot ${name}` } });
    expect(await (await fetch(`${url}/docs`)).text()).toContain(`<h1>${name}</h1>`);
  }
  const { channels, operations } = await json<{ channels: object; operations: object }>(`${tallyUrl}/asyncapi.json`);
  expect(Object.keys(channels).sort()).toEqual(['audit_v1', 'tallies_v1', 'tally_add_v1']);
  expect(Object.keys(operations).sort()).toEqual([
    'receive_tallies_v1',
    'receive_tally_add_v1',
    'send_audit_v1',
    'send_tallies_v1',
    'send_tally_add_v1',
  ]);
  await running.stop();
  await expect(fetch(`${tallyUrl}/readyz`)).rejects.toThrow('fetch failed');
});

test('stopping twice is harmless, and a second run finds what the first one left', async () => {
  const first = await runBoth();
  await count(first.urls['tally'] ?? '', 'twice');
  await Promise.all([first.stop(), first.stop()]);
  const second = await runBoth();
  expect(await json(`${second.urls['tally']}/v1/tallies/twice`)).toEqual({ total: 2, additions: 1 });
  await eventually(async () => (await json<{ heard: string[] }>(`${second.urls['greeter']}/v1/greetings`)).heard.includes('twice'));
  await second.stop();
});

test('a service is ready only when nothing is awaited any more, and says what it waits for', async () => {
  const running = await runBoth({ GREETER_WAITS: 'true' });
  const waiting = { service: 'greeter', ready: false, waitsFor: ['its dictionary'], troubles: [], lag: 0 };
  await eventually(async () => {
    const response = await fetch(`${running.urls['greeter']}/readyz`);
    expect([response.status, await response.json()]).toEqual([503, waiting]);
  });
  await running.stop();
});

test('a gateway before the services is started with them and stopped after their last answer', async () => {
  const site = join(folder.path, 'site');
  await mkdir(site, { recursive: true });
  await writeFile(join(site, 'index.html'), 'console');
  let url = '';
  const running = await runBoth(
    {},
    {
      front: async (services) => {
        const gateway = await startGateway({ host: '127.0.0.1', port: 0, portKey: 'GATEWAY_PORT', services, staticDir: site });
        ({ url } = gateway);
        return gateway;
      },
    },
  );
  await count(url, 'through');
  await eventually(async () =>
    expect(await json(`${url}/status`)).toMatchObject({ ready: true, services: [{ name: 'tally' }, { name: 'greeter' }] }),
  );
  expect(await (await fetch(url)).text()).toBe('console');
  const held = fetch(`${url}/v1/tallies`);
  await eventually(async () => (await json<{ waiting: number }>(`${url}/v1/tallies/any/waiting`)).waiting === 1);
  const stopped = running.stop();
  expect((await held).status).toBe(200);
  await stopped;
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

describe('a start that cannot be', () => {
  afterEach(async () => {
    const running = await runBoth(); // nothing of the failed start is left in the way
    await running.stop();
  });

  test('names the service whose provider failed', async () => {
    await expect(runBoth({ GREETER_FAILS: 'true' })).rejects.toThrow('The service greeter could not start: its dictionary is missing');
  });

  test('refuses a route that the gateway would never reach', async () => {
    await expect(runBoth({ GREETER_STRAYS: 'true' })).rejects.toThrow('The route GET /v1/elsewhere is under none of its paths');
  });

  test('refuses a kind that nobody answers for', async () => {
    const mute = { ...tally, module: greeter.module, handlers: () => [], sends: [], config: greeter.config, paths: ['/v1/greetings'] };
    await expect(start([mute], { env: variables() })).rejects.toThrow('Nothing answers for its kind Counter. Make it with ownResources');
  });

  test('refuses services that do not fit together, with every fault', async () => {
    const deaf = { ...tally, handlers: () => [] };
    await expect(start([deaf, greeter], { env: variables() })).rejects.toThrow(
      /do not fit together[\s\S]*The command tally.add has no handler/,
    );
  });

  test('says which port of which service is in use', async () => {
    const other = await start([greeter], { env: variables({ DATA_DIR: join(folder.path, 'other') }) });
    const { port } = new URL(other.urls['greeter'] ?? '');
    await expect(runBoth({ GREETER_PORT: port })).rejects.toThrow(
      new RegExp(`greeter cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use by .*GREETER_PORT`),
    );
    await other.stop();
  });

  test('refuses a log that the other processes on its database do not use, until it is agreed anew as the refusal says', async () => {
    const [own, elsewhere] = await Promise.all([testDatabase(), testDatabase()]);
    const alone = (more: Record<string, string>): Promise<Running> => start([greeter], { env: variables(more) });
    const [forgotten, moved] = [{ SQL_URL: own.url }, { SQL_URL: own.url, EVENTS_URL: elsewhere.url }];
    await (await alone(forgotten)).stop();
    const refusal: unknown = await alone(moved).catch((error: unknown) => error);
    const { message } = refusal as Error;
    expect(message).toMatch(/^EVENTS_URL leads to the log in the database .* use the log in the services' own database \(greeter said so/);
    await own.sql.query(/run (DELETE .*) there/.exec(message)?.[1] ?? '');
    await (await alone(moved)).stop();
    await expect(alone(forgotten)).rejects.toThrow(/^EVENTS_URL leads to the log in the services' own database, but other processes/);
    await Promise.all([own.drop(), elsewhere.drop()]);
  });

  test('names the key of a port that cannot be opened', async () => {
    await expect(runBoth({ SQL_URL: 'postgres://roofshot@127.0.0.1:9/none' })).rejects.toThrow(/^SQL_URL: /);
    await expect(runBoth({ EVENTS_URL: 'kafka://127.0.0.1:9' })).rejects.toThrow(/EVENTS_URL/);
  });
});
