/** Starts that cannot be: each ends with a sentence that says what happened, why, and what to do; nothing else is printed. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { unixSocketFault } from '@roofshot/telemetry/unix-sockets';
import { eventually } from '@roofshot/testing/eventually';
import { freePorts } from '@roofshot/testing/free-ports';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { launch, roofshot, startPlatform, type Ended } from './cli-lab.ts';

let folder: TempDir;
beforeAll(async () => {
  folder = await tempDir('cli start');
});
afterAll(() => folder.remove());

const up = (data: string, env: Record<string, string> = {}, port = '0'): Promise<Ended> =>
  roofshot(['up', '--data', data, '--port', port], { env });

/** A port that this process holds. */
async function withTakenPort<T>(work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe('a port in use', () => {
  test.each([
    ['the gateway', '--port'],
    ['a service', 'SERVING_PORT'],
  ])('of %s is told with its holder and with %s, which changes it', async (_who, key) => {
    const data = join(folder.path, 'ports');
    await withTakenPort(async (port) => {
      const { code, out, err } = await (key === '--port' ? up(data, {}, String(port)) : up(data, { [key]: String(port) }));
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain(`cannot listen on 127.0.0.1:${port}: the port is in use by`);
      expect(err).toContain(`(process ${process.pid}). End that, or set ${key} to another port (0 takes a free one).`);
    });
    expect(await readFile(join(data, 'logs', 'roofshot.log'), 'utf8')).toContain('"message":"The start failed."');
  });
});

test('a second start on the same data is told who holds them, and the first goes on, with nothing to complain of to its end', async () => {
  const data = join(folder.path, 'data');
  const platform = await startPlatform(data);
  await platform.run('apply', '-f', 'shop');
  const { code, out, err } = await up(data);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/is in use by process \d+ \(.*\)\. Stop that process first \(kill \d+\), or choose another folder\.\n$/);
  expect((await platform.run('status')).code).toBe(0);
  expect(await platform.stop()).toBe(0);
  expect(platform.said().err).toBe(''); // neither from the platform nor from Node, of what its libraries deprecate
}, 60_000);

test('kill -9 of the command ends the platform behind it, and the next start knows everything', async () => {
  const data = join(folder.path, 'killed');
  const first = await startPlatform(data);
  await first.run('apply', '-f', 'shop');
  await first.kill();
  const second = await startPlatform(data);
  expect((await second.run('get', 'entities', '--json')).out).toContain('"customer"');
  expect(await second.stop()).toBe(0);
}, 90_000);

test('a platform that waits for a server says so to whoever asks, and changes nothing', async () => {
  const [port = 0] = await freePorts(1);
  const away = { SQL_URL: 'postgres://me:s3cret@127.0.0.1:1/shop' };
  const child = launch(['up', '--data', join(folder.path, 'waiting'), '--port', String(port)], { env: away });
  const run = (...args: string[]): Promise<Ended> => roofshot(args, { env: { ROOFSHOT_URL: `http://127.0.0.1:${port}` } });
  const status = await eventually(
    async () => {
      const said = await run('status');
      return said.code !== 3 && said;
    },
    { deadlineMs: 60_000, describe: 'an answer' },
  );
  expect(status.code).toBe(1);
  expect(status.out).toMatch(/\ningestion +not ready +0 +SQL_URL: No PostgreSQL answers at 127\.0\.0\.1:1\/shop: /);
  const applied = await run('apply', '-f', 'shop');
  expect(applied).toMatchObject({ code: 1, out: '' });
  expect(applied.err).toContain('has not started yet, it waits. SQL_URL: No PostgreSQL answers');
  expect(`${status.out}${applied.err}`).not.toContain('s3cret');
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
}, 90_000);

test('all faults of the settings are told at once, among them a StatsD address that this Node cannot send to', async () => {
  const set = { STATSD_URL: 'uds:/run/statsd.sock', LOG_LEVEL: 'loud', SERVING_SPOOL_MAX_MB: 'much' };
  const { code, out, err } = await up(join(folder.path, 'settings'), set);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  const faults = err.trimEnd().split('\n').slice(1);
  const isLoadable = unixSocketFault() === undefined;
  expect(faults.map((line) => line.trim().split('=', 1)[0]).sort()).toEqual(
    ['LOG_LEVEL', 'SERVING_SPOOL_MAX_MB', ...(isLoadable ? [] : ['STATSD_URL'])].sort(),
  );
  expect(err.includes('Unix sockets need the package unix-dgram, which cannot be loaded here. Compile it for Node')).toBe(!isLoadable);
});

describe('a data folder', () => {
  test('below a file is told', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    expect(await up(join(file, 'data'))).toEqual({
      code: 1,
      out: '',
      err: `roofshot: The data folder ${join(file, 'data')} cannot be made: a part of its path is a file. Choose another folder. Nothing was started; --data DIR names another folder.\n`,
    });
  });

  test('where no folder can be made does not hang', async () => {
    const { code, err } = await up('/proc/nowhere');
    expect(code).toBe(1);
    expect(err).toContain('The data folder /proc/nowhere');
    expect(err).toContain('--data DIR names another folder.');
  });

  test('without the right to write is told', async () => {
    const locked = join(folder.path, 'locked');
    await mkdir(locked);
    await chmod(locked, 0o500);
    const { code, err } = await withMount(locked, ['-o', 'ro'], () => up(join(locked, 'data')));
    expect(code).toBe(1);
    expect(err).toMatch(/may not be written by this user|lies on a read-only file system/);
    expect(err).toContain('--data DIR names another folder.');
  });

  test('on a full disk is told how much is missing', async () => {
    const small = join(folder.path, 'small');
    await mkdir(small);
    if (!isRoot) return void process.stderr.write('Not tried: only root can mount a small disk.\n');
    const { code, err } = await withMount(small, ['-o', 'size=64m'], () => up(join(small, 'data')));
    expect(code).toBe(1);
    expect(err).toMatch(
      /has \d+ MB left and PostgreSQL needs at least 256 MB to start\. Free some space and start again; nothing is lost\.\n$/,
    );
  }, 60_000);
});

const isRoot = process.getuid?.() === 0;

/** Root is stopped by no mode, but by a file system of its own; where it may not mount, as in some containers, the mode alone remains. */
async function withMount<T>(path: string, options: readonly string[], work: () => Promise<T>): Promise<T> {
  if (!isRoot) return work();
  execFileSync('mount', ['-t', 'tmpfs', ...options, 'tmpfs', path]);
  try {
    return await work();
  } finally {
    execFileSync('umount', [path]);
  }
}
