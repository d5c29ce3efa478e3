import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '../eventually.ts';
import { tempDir, type TempDir } from '../temp-dir.ts';
import type { RunningServer } from './running-server.ts';
import { USES } from './server-lab.ts';
import { SERVER_NAMES } from './server-kind.ts';
import { startServer } from './start-server.ts';

/** The first time programs are fetched. */
const START_MS = 600_000;
const REGISTER = new URL('../../../../register.mjs', import.meta.url).href;

let folder: TempDir;
let server: RunningServer | undefined;
beforeEach(async () => {
  folder = await tempDir('server');
});
afterEach(async () => {
  await server?.remove();
  server = undefined;
  await folder.remove();
});

describe.each(SERVER_NAMES)('a %s of one’s own', (name) => {
  it(
    'keeps its address and what was acknowledged when it is killed and started again',
    async () => {
      server = await startServer(name, { folder: join(folder.path, name) });
      await USES[name].write(server.url, 'acknowledged');
      if (name === 'rabbitmq') await namesWritten(join(folder.path, name));
      const [url, pid] = [server.url, server.pid];
      await server.kill9();
      expect(await server.isRunning()).toBe(false);
      expect(await USES[name].read(url).catch(() => 'refused')).toBe('refused');
      await server.restart();
      expect(server.url).toBe(url);
      expect(server.pid).not.toBe(pid);
      expect(await USES[name].read(url)).toBe('acknowledged');
    },
    START_MS,
  );
});

describe('a server of one’s own', () => {
  it('has its address and data again when the folder is opened anew', async () => {
    server = await startServer('redis', { folder: folder.path });
    await USES.redis.write(server.url, 'still here');
    const { url } = server;
    await server.stop();
    server = await startServer('redis', { folder: folder.path });
    expect(server.url).toBe(url);
    expect(await USES.redis.read(url)).toBe('still here');
  });

  it('answers nobody while it is frozen, and goes on when it is thawed', async () => {
    server = await startServer('redis', { folder: folder.path });
    const redis = new Redis(server.url, { commandTimeout: 500, disconnectTimeout: 1 });
    await redis.ping();
    await server.freeze();
    await expect(redis.ping()).rejects.toThrow('timed out');
    await server.thaw();
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
  });

  it('does not start with a faulty setting, and the error shows what it said', async () => {
    const settings = { 'no-such-setting': '1' };
    await expect(startServer('redis', { folder: folder.path, settings })).rejects.toThrow(
      /Redis ended with exit code 1 .*no-such-setting/s,
    );
  });

  it('ends when the process that started it is killed, where it is no container', async () => {
    const script = `import { startServer } from ${JSON.stringify(new URL('./start-server.ts', import.meta.url).href)};
      const server = await startServer('redis', { folder: ${JSON.stringify(folder.path)} });
      process.stdout.write(server.pid + '\\n');
      setInterval(() => undefined, 1_000);`;
    const child = spawn(process.execPath, ['--import', REGISTER, '--input-type=module', '-e', script], {
      env: { ...process.env, TEST_SERVERS: 'native' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<string>((resolve) => child.stdout.once('data', (line) => resolve(String(line).trim())));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    child.kill('SIGKILL');
    await eventually(async () => (await stateOf(pid)) === 'gone', { deadlineMs: 20_000, describe: 'the end of the server' });
  });
});

/** RabbitMQ writes the names of new quorum queues some seconds late, and forgets those that it has not written when it is killed. */
async function namesWritten(path: string): Promise<void> {
  // A container keeps its own files.
  for await (const file of glob(join(path, 'data/mnesia/*/quorum/*/names.dets'))) {
    await eventually(async () => (await readFile(file)).includes('kept'), { deadlineMs: 30_000, describe: `the queue's name in ${file}` });
  }
}

/** One that nobody has waited for yet has gone, too. */
async function stateOf(pid: string): Promise<'runs' | 'gone'> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z') ? 'gone' : 'runs';
}
