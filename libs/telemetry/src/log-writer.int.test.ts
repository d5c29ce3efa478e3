import { execFile, spawn, type ExecFileException } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { openLogFile } from './log-writer.ts';

const LOADER = new URL('../../../register.mjs', import.meta.url).href;
const SOURCE = new URL('./', import.meta.url).href;

let dir: TempDir;

beforeEach(async () => {
  dir = await tempDir('log');
});

afterEach(() => dir.remove());

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The arguments that run a program in a process of its own, with `openLogFile`, `openStdout` and `createLogger` at hand. */
function programArgs(program: string): string[] {
  const imports = `import { openLogFile, openStdout } from '${SOURCE}log-writer.ts'; import { createLogger } from '${SOURCE}logger.ts';`;
  return ['--import', LOADER, '--input-type=module', '-e', `${imports}\n${program}`];
}

function run(program: string): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, programArgs(program), { maxBuffer: 64 * 1024 * 1024 }, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}

function numbersOf(text: string): number[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as Record<string, number>)['labels.n'] ?? -1);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const LOG_MANY = 'for (let n = 0; n < 20_000; n++) { if (n % 500 === 0) await null; log.info("Line.", { "labels.n": n }); }';

it.each([
  ['ends by itself', '', 0],
  ['calls process.exit', 'process.exit(3);', 3],
  ['dies of an uncaught error', 'throw new Error("out");', 1],
])('a process that %s leaves every line in its file', async (_, ending, code) => {
  const file = join(dir.path, 'logs', 'a.log');
  const ran = await run(`const log = createLogger({ write: openLogFile(${JSON.stringify(file)}).write }); ${LOG_MANY} ${ending}`);
  expect(ran.code).toBe(code);
  expect(numbersOf(await readFile(file, 'utf8')).sort((a, b) => a - b)).toEqual(upTo(20_000));
});

it('a process that exits while a write is on its way loses and doubles nothing', async () => {
  const file = join(dir.path, 'a.log');
  const ran = await run(`
    const out = openLogFile(${JSON.stringify(file)});
    const log = createLogger({ write: out.write });
    ${LOG_MANY}
    void out.flush();
    await null; await null;
    log.info('Line.', { 'labels.n': 20_000 });
    process.exit(0);`);
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(numbersOf(await readFile(file, 'utf8')).sort((a, b) => a - b)).toEqual(upTo(20_001));
});

it('standard output gets every line in order, also through a full pipe and at process.exit', async () => {
  const ran = await run(`const log = createLogger({ write: openStdout().write }); ${LOG_MANY} process.exit(0);`);
  expect(numbersOf(ran.stdout)).toEqual(upTo(20_000));
});

it('a slow reader of standard output does not hold up the process, and gets every line', async () => {
  const child = spawn(
    process.execPath,
    programArgs(`
    const log = createLogger({ write: openStdout().write });
    ${LOG_MANY}
    setTimeout(() => process.stderr.write('still alive'), 50);`),
  );
  await once(child.stderr, 'data');
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  expect(numbersOf(Buffer.concat(chunks).toString())).toEqual(upTo(20_000));
});

it('a reader who goes away does not end the process', async () => {
  const child = spawn(
    process.execPath,
    programArgs(`
    const out = openStdout();
    process.stdin.once('data', async () => {
      out.write('nobody reads this');
      await out.flush();
      process.exit(7);
    });
    out.write('ready');`),
  );
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stdin.end('go');
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(7);
  expect(complaint).toContain('Log lines cannot be written to standard output (Error: EPIPE');
  expect(complaint).toContain('Log lines lost: 1, because standard output');
});

it.each(['await out.close();', ''])('a reader who never reads does not keep the process from ending (%s)', async (close) => {
  const child = spawn(
    process.execPath,
    programArgs(`
    const out = openStdout();
    for (let n = 0; n < 2000; n++) out.write('x'.repeat(1000));
    ${close}
    process.exit(7);`),
  );
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  child.stdout.destroy();
  expect(code).toBe(7);
  expect(complaint).toMatch(/Log lines lost: \d+, because standard output did not take them/);
});

it('two writers append to one file without spoiling lines', async () => {
  const file = join(dir.path, 'a.log');
  const [a, b] = [openLogFile(file), openLogFile(file)];
  for (let n = 0; n < 1000; n++) for (const writer of [a, b]) writer.write(JSON.stringify({ 'labels.n': n }));
  await Promise.all([a.close(), b.close()]);
  expect(numbersOf(await readFile(file, 'utf8'))).toHaveLength(2000);
});

it('a file that cannot be opened is refused with its name', () => {
  expect(() => openLogFile(join(fileURLToPath(import.meta.url), 'x.log'))).toThrow(/The log file .*x\.log cannot be opened for writing/);
});
