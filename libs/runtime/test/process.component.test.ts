/** A service as a process of its own: how it starts, is stopped, killed, and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';

const MAIN = fileURLToPath(new URL('./tally-main.ts', import.meta.url));
const REGISTER = fileURLToPath(new URL('../../../register.mjs', import.meta.url));
/** A start takes about two seconds on a quiet machine. */
const START_MS = 40_000;

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly output: () => string;
}

let folder: TempDir;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await tempDir('runtime process');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(async () => {
  const last = await start('data'); // takes over what a kill has left behind, and ends it in order
  last.child.kill('SIGTERM');
  await last.ended;
  await folder.remove();
});

function launch(env: Record<string, string>): Omit<Started, 'url'> {
  const child = spawn(process.execPath, ['--import', REGISTER, MAIN], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => {
    children.delete(child);
    return code ?? signal ?? 'unknown';
  });
  return { child, ended, output: () => text };
}

async function start(data: string, env: Record<string, string> = {}): Promise<Started> {
  const launched = launch({ DATA_DIR: join(folder.path, data), TALLY_PORT: '0', ...env });
  const url = await eventually(
    () => {
      if (launched.child.exitCode !== null) throw new Error(`ended with ${launched.child.exitCode}: ${launched.output()}`);
      return /"labels\.services":\["tally ([^"]+)"\]/.exec(launched.output())?.[1] ?? '';
    },
    { deadlineMs: START_MS, describe: 'the service to be ready' },
  );
  return { ...launched, url };
}

/** What the process says when it refuses to start. */
async function refusal(env: Record<string, string>): Promise<{ code: number | string; text: string }> {
  const { ended, output } = launch({ LOG_LEVEL: 'silent', ...env });
  const code = await ended;
  return { code, text: output() };
}

async function put(url: string, name: string, step: number): Promise<void> {
  const body = JSON.stringify({ apiVersion: 'roofshot/v1', kind: 'Counter', metadata: { name }, spec: { step } });
  const response = await fetch(`${url}/v1/counters/${name}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
  if (response.status !== 200) throw new Error(await response.text());
}

const add = (url: string, name: string, id: string): Promise<Response> =>
  fetch(`${url}/v1/tallies/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) });

async function totalOf(url: string, name: string, additions: number): Promise<{ total: number; additions: number }> {
  const response = await fetch(`${url}/v1/tallies/${name}?additions=${additions}&wait=60s`);
  return (await response.json()) as { total: number; additions: number };
}

test('SIGTERM lets held requests answer and ends the process in order, and the next start knows everything', async () => {
  const first = await start('data');
  await put(first.url, 'kept', 3);
  expect((await add(first.url, 'kept', 'a')).status).toBe(202);
  expect(await totalOf(first.url, 'kept', 1)).toEqual({ total: 3, additions: 1 });
  const held = fetch(`${first.url}/v1/tallies`);
  await eventually(async () => (await (await fetch(`${first.url}/v1/tallies/any/waiting`)).text()) === '{"waiting":1}');
  first.child.kill('SIGTERM');
  expect((await held).status).toBe(200);
  expect(await first.ended).toBe(0);

  const second = await start('data');
  expect(await totalOf(second.url, 'kept', 1)).toEqual({ total: 3, additions: 1 });
  expect((await add(second.url, 'kept', 'a')).status).toBe(202); // known: counted already
  expect((await add(second.url, 'kept', 'b')).status).toBe(202);
  expect(await totalOf(second.url, 'kept', 2)).toEqual({ total: 6, additions: 2 });
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
});

test('a second signal ends the process at once', async () => {
  const service = await start('data');
  const stuck = fetch(`${service.url}/v1/tallies/any/stuck`).catch((error: Error) => error.message);
  await eventually(async () => (await fetch(`${service.url}/healthz`)).ok); // on a later connection: the stuck request has arrived
  service.child.kill('SIGTERM');
  await eventually(() => service.output().includes('Stopping because of a signal.'));
  service.child.kill('SIGINT');
  expect(await service.ended).toBe(130);
  expect(await stuck).toBe('fetch failed');
});

test('a signal during the start stops what has been started by then', async () => {
  const launched = launch({ DATA_DIR: join(folder.path, 'data'), TALLY_PORT: '0', LOG_LEVEL: 'debug' });
  await eventually(() => launched.output().includes('Starting Nest application'), { deadlineMs: START_MS });
  launched.child.kill('SIGTERM');
  expect(await launched.ended).toBe(0);
  await expect(readEmbeddedUrl(join(folder.path, 'data', 'postgres'))).rejects.toThrow('No database runs in');
});

test('killed again and again while it works: nothing accepted is lost, nothing is counted twice', async () => {
  const ids = Array.from({ length: 400 }, (_, index) => `id-${index}`);
  let service = await start('data');
  await put(service.url, 'killed', 1);
  for (const killAfterMs of [300, 700, 150]) {
    const { child, url, ended } = service;
    const kill = delay(killAfterMs).then(() => child.kill('SIGKILL'));
    await sendAll(url, ids);
    await kill;
    await ended;
    service = await start('data');
  }
  expect(await sendAll(service.url, ids)).toBe(ids.length);
  expect(await totalOf(service.url, 'killed', ids.length)).toEqual({ total: ids.length, additions: ids.length });
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
}, 180_000);

/** Sends every id until the service no longer answers; answers how many were accepted. */
async function sendAll(url: string, ids: readonly string[]): Promise<number> {
  let accepted = 0;
  for (const id of ids) {
    const response = await add(url, 'killed', id).catch(() => undefined); // killed meanwhile
    if (response === undefined) return accepted;
    await response.body?.cancel();
    if (response.status === 202) accepted += 1;
  }
  return accepted;
}

test('a second start on the same data is refused with a sentence that says who holds it', async () => {
  const service = await start('data');
  const { code, text } = await refusal({ DATA_DIR: join(folder.path, 'data'), TALLY_PORT: '0' });
  expect(code).toBe(1);
  expect(text).toContain(`is in use by process ${service.child.pid}`);
  expect(text).toContain('Stop that process first');
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  service.child.kill('SIGTERM');
  await service.ended;
});

test('a killed PostgreSQL comes back, and the service goes on', async () => {
  const service = await start('data');
  await put(service.url, 'healed', 5);
  process.kill(await postmasterOf(join(folder.path, 'data', 'postgres')), 'SIGKILL');
  await eventually(async () => (await add(service.url, 'healed', 'after')).status === 202, { deadlineMs: 30_000 });
  // An answer 503 in between says: try again.
  await eventually(async () => expect(await totalOf(service.url, 'healed', 1)).toEqual({ total: 5, additions: 1 }), { deadlineMs: 30_000 });
  await eventually(async () => (await fetch(`${service.url}/readyz`)).status === 200, { deadlineMs: 30_000 });
  service.child.kill('SIGTERM');
  await service.ended;
}, 120_000);

describe('a start that cannot be', () => {
  test('tells every fault of the environment at once', async () => {
    const { code, text } = await refusal({
      DATA_DIR: join(folder.path, 'none'),
      TALLY_LIMIT: 'many',
      TALLY_GREETNG: 'x',
      LOG_FILE: '',
      SQL_URL: 'mysql://x',
    });
    expect(code).toBe(1);
    expect(text).toContain('TALLY_LIMIT=many is not allowed; it must be a whole number from 1');
    expect(text).toContain('TALLY_GREETNG=*** is not allowed; there is no such key. Did you mean TALLY_GREETING?');
    expect(text).toContain('SQL_URL=mysql://x is not allowed');
    expect(text).not.toMatch(/^\s+at /m);
  });

  test('says which port is in use, by whom, and which key changes it', async () => {
    const taken = await takePort();
    const { port } = taken.address() as AddressInfo;
    const { code, text } = await refusal({ DATA_DIR: join(folder.path, 'ports'), TALLY_PORT: String(port) });
    taken.close();
    expect(code).toBe(1);
    expect(text).toContain(`127.0.0.1:${port}: the port is in use by`);
    expect(text).toContain(`(process ${process.pid})`);
    expect(text).toContain('TALLY_PORT');
  });

  test('says that the data folder cannot be written', async () => {
    const locked = join(folder.path, 'locked');
    await mkdir(locked);
    await chmod(locked, 0o500);
    const isRoot = process.getuid?.() === 0; // whom no mode stops: a file in the way does
    const data = isRoot ? MAIN : locked;
    const { code, text } = await refusal({ DATA_DIR: data, TALLY_PORT: '0' });
    expect(code).toBe(1);
    expect(text).toMatch(/may not be written by this user|cannot be made: a part of its path is a file/);
    expect(text).toContain('DATA_DIR');
  });
});

async function takePort(): Promise<Server> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** The server process: the parent of the one that answers a connection. */
async function postmasterOf(data: string): Promise<number> {
  const sql = await openSql(await readEmbeddedUrl(data), { poolSize: 1 });
  try {
    const [row] = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const stat = await readFile(`/proc/${row?.pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } finally {
    await sql.close();
  }
}
