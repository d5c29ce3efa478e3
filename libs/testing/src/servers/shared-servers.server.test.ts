import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { Redis } from 'ioredis';
import { eventually } from '../eventually.ts';
import { tempDir, type TempDir } from '../temp-dir.ts';

const REGISTER = new URL('../../../../register.mjs', import.meta.url).href;
const SHARED_SERVERS = new URL('./shared-servers.ts', import.meta.url).href;
const TEST_SERVER = new URL('./test-server.ts', import.meta.url).href;
const IDLE_MS = 1_000;
const DEADLINE = { deadlineMs: 60_000 };

/** Each test has a folder for temporary files of its own, and so a keeper of its own. */
let temporary: TempDir;
let processes: ChildProcess[] = [];
beforeEach(async () => {
  temporary = await tempDir('shared');
});
afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL');
  processes = [];
  const keeper = await keeperPid();
  if (keeper !== undefined) process.kill(keeper, 'SIGTERM');
  await eventually(async () => (await keeperPid()) === undefined, { ...DEADLINE, describe: 'the end of the keeper' });
  await temporary.remove();
});

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, ['--import', REGISTER, ...args], {
    env: { ...process.env, TMPDIR: temporary.path, TEST_REDIS_URL: '', TEST_KAFKA_URL: '', TEST_SERVERS: 'native', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  return child;
}

/** A test process that asks for a shared server and stays. @returns the URL, or what it was told instead */
async function ask(env: NodeJS.ProcessEnv = {}, name = 'redis'): Promise<{ child: ChildProcess; answer: string }> {
  const script = `import { testServer } from ${JSON.stringify(TEST_SERVER)};
    const answer = await testServer('${name}').catch((error) => error.message);
    process.stdout.write(answer + '\\n');
    setInterval(() => undefined, 1_000);`;
  const child = run(['--input-type=module', '-e', script], env);
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return { child, answer: String(line).trim() };
}

/** What a developer's command does with them: `call` is one of shared-servers.ts. @returns its answer */
async function asDeveloper(call: string): Promise<unknown> {
  const script = `import { holdServer, letServersGo } from ${JSON.stringify(SHARED_SERVERS)};
    process.stdout.write(JSON.stringify(await ${call}));`;
  const child = run(['--input-type=module', '-e', script]);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)));
  await once(child, 'close');
  return JSON.parse(said);
}

async function end({ child }: { child: ChildProcess }): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function answers(url: string): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const open = await once(socket, 'connect').then(
    () => true,
    () => false, // refused
  );
  socket.destroy();
  return open;
}

async function keeperPid(): Promise<number | undefined> {
  const [folder] = (await readdir(temporary.path)).filter((name) => name.startsWith('roofshot-servers-'));
  const text = await readFile(`${temporary.path}/${folder}/keeper.json`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { pid } = JSON.parse(text) as { pid: number };
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return state.slice(state.lastIndexOf(')') + 2).startsWith('Z') ? undefined : pid;
}

describe('the servers that tests share', () => {
  it('are started once for all that ask at the same time, and serve those who come later', async () => {
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(first.answer).toMatch(/^redis:\/\/:\w+@127\.0\.0\.1:\d+$/);
    expect(second.answer).toBe(first.answer);
    await end(first);
    expect((await ask()).answer).toBe(first.answer);
  });

  it('end, and their keeper with them, when nobody has used them for a while', async () => {
    const user = await ask({ TEST_SERVERS_IDLE_MS: String(IDLE_MS) });
    await end(user);
    await eventually(async () => !(await answers(user.answer)), { ...DEADLINE, describe: 'the end of the server' });
    await eventually(async () => (await readdir(temporary.path)).length === 0, { ...DEADLINE, describe: 'an empty folder' });
  });

  it('stay for whom uses them when they are told to end', async () => {
    const user = await ask();
    const keeper = await keeperPid();
    if (keeper !== undefined) process.kill(keeper, 'SIGTERM');
    const other = await ask();
    expect(other.answer).toBe(user.answer);
    await end(user);
    expect(await answers(other.answer)).toBe(true);
    await end(other);
    await eventually(async () => !(await answers(user.answer)), { ...DEADLINE, describe: 'the end of the server' });
  });

  it('stay after the command that holds them until they are let go, which tells that they are gone', async () => {
    const url = String(await asDeveloper("holdServer('redis')"));
    expect(await answers(url)).toBe(true);
    expect(await asDeveloper('letServersGo()')).toEqual([{ name: 'redis', users: [] }]);
    expect(await answers(url)).toBe(false);
    expect(await asDeveloper('letServersGo()')).toEqual([]);
  });

  it('tell who still uses them when they are let go', async () => {
    const user = await ask();
    expect(await asDeveloper('letServersGo()')).toEqual([{ name: 'redis', users: [user.child.pid] }]);
    expect(await answers(user.answer)).toBe(true);
  });

  it('are gone with a keeper that is killed, and the next who asks gets new ones', async () => {
    const user = await ask();
    const keeper = await keeperPid();
    if (keeper !== undefined) process.kill(keeper, 'SIGKILL');
    await eventually(async () => !(await answers(user.answer)), { ...DEADLINE, describe: 'the end of the server' });
    const next = await ask();
    expect(next.answer).not.toBe(user.answer);
    expect(await answers(next.answer)).toBe(true);
  });

  it('are started anew when they have ended by themselves', async () => {
    const user = await ask();
    const redis = new Redis(user.answer, { retryStrategy: () => null });
    redis.on('error', () => undefined);
    await redis.shutdown('NOSAVE').catch(() => undefined); // the connection goes with the server
    redis.disconnect();
    const next = await eventually(
      async () => {
        const asked = await ask();
        return asked.answer !== user.answer && asked.answer;
      },
      { ...DEADLINE, describe: 'another server' },
    );
    expect(await answers(next)).toBe(true);
  });

  it('are not started where the environment names one', async () => {
    expect((await ask({ TEST_REDIS_URL: 'redis://elsewhere:6379' })).answer).toBe('redis://elsewhere:6379');
    expect(await readdir(temporary.path)).toEqual([]);
  });

  it('are refused where they cannot be had, with what to do', async () => {
    const { answer } = await ask({ JAVA_HOME: '/nowhere' }, 'kafka');
    expect(answer).toMatch(/Kafka cannot be had .* JAVA_HOME is \/nowhere, .* set TEST_KAFKA_URL .* npm run test:embedded/);
  });
});
