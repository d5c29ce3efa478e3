// The bootstrap as a newcomer meets it: the real script, npm, pip and venv, in a small checkout with a space in its path.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually } from '@roofshot/testing/eventually';
import { ROOT } from './testing/run-jest.ts';

/** Keeps npm and pip from the network: what the small checkout needs lies in it. */
const OFFLINE = { npm_config_offline: 'true', npm_config_registry: 'http://127.0.0.1:9/', PIP_NO_INDEX: '1', npm_execpath: '' };

let parent = '';
let checkout = '';

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  checkout = join(parent, 'a small checkout');
  mkdirSync(join(checkout, 'tool'), { recursive: true });
  mkdirSync(join(checkout, 'python'));
  cpSync(join(ROOT, 'scripts', 'bootstrap.mjs'), join(checkout, 'scripts', 'bootstrap.mjs'));
  cpSync(join(ROOT, 'scripts', 'bootstrap'), join(checkout, 'scripts', 'bootstrap'), { recursive: true });
  writeFileSync(join(checkout, 'python', 'requirements.lock'), '');
  lockNodePackages('1.0.0');
});
afterEach(() => rmSync(parent, { recursive: true }));

/** A project with one package, which lies in the project itself. */
function lockNodePackages(version: string): void {
  const project = { name: 'small', version: '1.0.0', dependencies: { tool: 'file:tool' } };
  const packages = { '': project, tool: { version }, 'node_modules/tool': { resolved: 'tool', link: true } };
  writeFileSync(join(checkout, 'package.json'), JSON.stringify(project));
  writeFileSync(join(checkout, 'tool', 'package.json'), JSON.stringify({ name: 'tool', version }));
  const lock = { name: 'small', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lock));
}

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const script = join(checkout, 'scripts', 'bootstrap.mjs');
  return spawn(process.execPath, [script, ...args], { cwd: parent, env: { ...process.env, ...OFFLINE, ...env }, stdio: 'pipe' });
}

async function finish(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const [out, err] = await Promise.all([child.stdout, child.stderr].map((stream) => (stream === null ? '' : text(stream))));
  if (child.exitCode === null) await once(child, 'exit');
  return { code: child.exitCode, out: out ?? '', err: err ?? '' };
}

const run = (args: readonly string[], env?: NodeJS.ProcessEnv) => finish(start(args, env));

/** A folder with the only tools that the bootstrap finds; each is a shell script. */
function pathWith(tools: Record<string, string>): string {
  const bin = join(parent, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(tools)) writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return bin;
}

/** A console in the small checkout, and what stands for Vite there. */
function writeConsole(vite: string): string {
  const page = join(checkout, 'services', 'console');
  mkdirSync(join(page, 'src'), { recursive: true });
  for (const file of ['vite.config.ts', 'tsconfig.json', 'src/main.tsx']) writeFileSync(join(page, file), '');
  writeFileSync(join(page, 'index.html'), 'first');
  const bin = join(checkout, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'vite'), `#!/bin/sh\n${vite}\n`, { mode: 0o755 });
  return page;
}

/** On the first port that is free, for a platform may be running on this machine. */
async function listenOnOneOf(server: Server, [port = 0, ...others]: readonly number[]): Promise<number> {
  server.listen(port, '127.0.0.1');
  const failed = await Promise.race([once(server, 'listening').then(() => false), once(server, 'error').then(() => true)]);
  return failed ? listenOnOneOf(server, others) : port;
}

describe('setting up', () => {
  it('installs both parts, runs the command with both in its PATH, and the second time does nothing', async () => {
    const print = 'console.log(process.env.PATH.split(":").slice(0, 2).join("\\n")); console.log(process.argv[1])';
    const first = await run(['--', 'node', '-e', print, 'an argument']);
    expect(first.err).toMatch(/installing the Node packages .*\d+\.\d s\nmaking the Python 3\.\d+ environment .*\d+\.\d s\n$/);
    expect(first.out).toBe(`${join(checkout, 'node_modules', '.bin')}\n${join(checkout, '.venv', 'bin')}\nan argument\n`);
    expect(existsSync(join(checkout, 'node_modules', 'tool', 'package.json'))).toBe(true);

    // Without any tool in the PATH it could install nothing; it does not need to.
    const second = await run(['--', process.execPath, '-e', 'process.exit(7)'], { PATH: pathWith({}) });
    expect(second).toEqual({ code: 7, out: '', err: '' });
  });

  it('installs again when a lock changed, and only that part', async () => {
    await run([]);
    lockNodePackages('1.1.0');
    expect((await run([])).err).toMatch(/^installing the Node packages .*\n$/);
    writeFileSync(join(checkout, 'python', 'requirements.lock'), '# changed\n');
    expect((await run([])).err).toMatch(/^making the Python .*\n$/);
    expect((await run([])).err).toBe('');
  });

  it("builds the console's page when its sources changed, and only then", async () => {
    await run(['--only', 'node']);
    const page = writeConsole('mkdir -p dist && cp index.html dist/');
    expect((await run(['--only', 'node'])).err).toMatch(/^building the console's page \.\.\. \d+\.\d s\n$/);
    expect(readFileSync(join(page, 'dist', 'index.html'), 'utf8')).toBe('first');
    expect((await run(['--only', 'node'])).err).toBe('');
    writeFileSync(join(page, 'src', 'main.test.ts'), 'a test is no part of the page');
    expect((await run(['--only', 'node'])).err).toBe('');
    writeFileSync(join(page, 'index.html'), 'second');
    await run(['--only', 'node']);
    expect(readFileSync(join(page, 'dist', 'index.html'), 'utf8')).toBe('second');
    rmSync(join(page, 'dist'), { recursive: true });
    expect((await run(['--only', 'node'])).err).toContain('building');
  });

  it('runs the Node that npm brought along, also where npm made no link to it', async () => {
    await run(['--only', 'node']);
    const packaged = join(checkout, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin');
    mkdirSync(packaged, { recursive: true });
    writeFileSync(join(packaged, 'node'), '#!/bin/sh\necho v24.99.0', { mode: 0o755 });
    expect((await run(['--only', 'node', '--', 'node'])).out).toBe('v24.99.0\n');
  });

  it('starts over what was interrupted', async () => {
    const marker = join(parent, 'started');
    const npm = `touch '${marker}'; exec sleep 600`;
    const child = start(['--only', 'node'], { PATH: `${pathWith({ npm })}:${process.env['PATH']}` });
    await eventually(() => existsSync(marker), { deadlineMs: 20_000, describe: 'npm at work' });
    child.kill('SIGTERM');
    const interrupted = await finish(child);
    expect(interrupted.code).toBe(143);
    expect(interrupted.err).toContain('interrupted by SIGTERM: run it again to go on');
    expect((await run(['--only', 'node'])).code).toBe(0);
    expect(existsSync(join(checkout, 'node_modules', 'tool', 'package.json'))).toBe(true);
  });

  it('lets two at once install one time', async () => {
    const both = await Promise.all([run([]), run([])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(
      both
        .map(({ err }) => err)
        .join('')
        .match(/installing the Node packages/g),
    ).toHaveLength(1);
  });

  it('takes over the lock of one that was killed', async () => {
    const ended = spawn('true');
    await once(ended, 'exit');
    const lock = join(checkout, '.cache', 'bootstrap', 'lock');
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, JSON.stringify({ pid: ended.pid, started: '1' }));
    expect((await run(['--only', 'node'])).code).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });
});

describe('a fault', () => {
  it('names what is missing when there is no Python, before anything is installed', async () => {
    const node = `exec '${process.execPath}' "$@"`;
    const { code, err } = await run([], { PATH: pathWith({ node }) });
    expect(code).toBe(10);
    expect(err).toMatch(/Python 3\.10 to 3\.14 is needed for training, and there is no python3 on the PATH\n {2}what to do: install/);
    expect(existsSync(join(checkout, 'node_modules'))).toBe(false);
  });

  it('names the version when the Python is too old, and the package when it lacks venv', async () => {
    const old = await run([], { PATH: pathWith({ python3: 'echo 3.8' }) });
    expect(old.err).toContain('the Python here is 3.8');
    const partial = await run([], { PATH: pathWith({ python3: 'case "$*" in *ensurepip*) exit 1;; *) echo 3.11;; esac' }) });
    expect(partial.err).toContain('apt-get install python3.11-venv');
  });

  it('shows what npm said, where the log is, and the remedy', async () => {
    const project = { name: 'small', version: '1.0.0', dependencies: { tool: 'file:tool', other: 'file:tool' } };
    writeFileSync(join(checkout, 'package.json'), JSON.stringify(project));
    const { code, err } = await run(['--only', 'node']);
    expect(code).toBe(12);
    expect(err).toContain('npm ci failed:');
    expect(err).toContain('what to do: package.json and package-lock.json disagree: run npm install and commit both');
    expect(readFileSync(join(checkout, '.cache', 'bootstrap', 'npm-ci.log'), 'utf8')).toContain('EUSAGE');
  });

  it('says that the network is missing when pip cannot reach its index', async () => {
    writeFileSync(join(checkout, 'python', 'requirements.lock'), `numpy==2.2.6 --hash=sha256:${'0'.repeat(64)}\n`);
    const nowhere = { PIP_NO_INDEX: '0', PIP_INDEX_URL: 'http://127.0.0.1:9/', PIP_RETRIES: '1', PIP_FIND_LINKS: '' };
    const { code, err } = await run(['--only', 'python'], nowhere);
    expect(code).toBe(13);
    expect(err).toContain('what to do: the package registry cannot be reached');
    expect(existsSync(join(checkout, '.venv', 'roofshot.json'))).toBe(false);
  });

  it("shows what Vite said when the console's page cannot be built, and tries again the next time", async () => {
    await run(['--only', 'node']);
    writeConsole('echo "src/main.tsx: Unexpected token" >&2; exit 1');
    const { code, err } = await run(['--only', 'node']);
    expect(code).toBe(14);
    expect(err).toContain("the console's page could not be built: src/main.tsx: Unexpected token");
    expect((await run(['--only', 'node'])).code).toBe(14);
  });

  it('says how to restore a lockfile that holds a merge conflict', async () => {
    writeFileSync(join(checkout, 'package-lock.json'), '<<<<<<< HEAD\n{}');
    const { code, err } = await run(['--only', 'node']);
    expect(code).toBe(12);
    expect(err).toContain('git checkout -- package-lock.json');
  });

  it('names the port that is in use and the process that holds it', async () => {
    const server = createServer();
    const port = await listenOnOneOf(server, [4103, 4106]);
    const { code, err } = await run(['--ports', '--only', 'node']);
    server.close();
    expect(code).toBe(11);
    expect(err).toContain(process.platform === 'linux' ? `${port} (process ${process.pid}: ` : `${port} (`);
  });

  it('looks at the ports that the command will use', async () => {
    const server = createServer();
    const port = await listenOnOneOf(server, [4103, 4106]);
    const [elsewhere, free, there] = await Promise.all(
      ['5300', '0', String(port - 2)].map((gateway) => run(['--ports', '--only', 'node', '--', 'sh', '-c', 'true', '--port', gateway])),
    );
    server.close();
    expect([elsewhere?.code, free?.code, there?.code]).toEqual([0, 0, 11]);
    expect(there?.err).toContain('`-- --port N`');
  });

  it('refuses arguments that it does not know', async () => {
    expect(await run(['--onyl', 'node'])).toMatchObject({ code: 2, err: expect.stringContaining('unknown argument --onyl') });
    expect(await run(['--only', 'ruby'])).toMatchObject({ code: 2, err: expect.stringContaining('--only takes node or python') });
  });

  it('ends as the command ended', async () => {
    expect((await run(['--only', 'node', '--', 'sh', '-c', 'kill -9 $$'])).code).toBe(137);
    expect((await run(['--only', 'node', '--', 'no-such-tool'])).code).toBe(127);
  });
});
