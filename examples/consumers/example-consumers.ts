/** The four consumers as processes, and what each of them has counted. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { libraryPath, unpackPackages } from '@roofshot/testing/debian';
import { findProgram, runCommand } from '@roofshot/testing/run-command';
import { cached } from '@roofshot/testing/server-cache';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HERE = join(ROOT, 'examples/consumers');
const PYTHON = join(ROOT, '.venv/bin/python');

/** What a consumer has counted. */
export interface Counted {
  readonly orders: number;
  readonly amount: number;
  /** Events that it could not handle. */
  readonly aside: number;
}

interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Stream {
  readonly brokers: string;
  readonly topic: string;
  readonly partitions: number;
}

/** One of the examples, in a folder of its own. */
export class ExampleConsumer {
  readonly name: string;
  readonly #folder: string;
  readonly #commands: readonly Command[];
  readonly #count: (folder: string) => Promise<Counted>;
  #running: ChildProcess[] = [];

  private constructor(name: string, folder: string, commands: readonly Command[], count: (folder: string) => Promise<Counted>) {
    this.name = name;
    this.#folder = folder;
    this.#commands = commands;
    this.#count = count;
  }

  static async all(folder: string, stream: Stream): Promise<ExampleConsumer[]> {
    const node = process.execPath;
    const register = join(ROOT, 'register.mjs');
    const examples: readonly (readonly [string, Command])[] = [
      ['kafkajs', { program: node, args: [join(HERE, 'kafkajs/consume-orders.ts')], env: {} }],
      ['nestjs', { program: node, args: ['--import', register, join(HERE, 'nestjs/consume-orders.ts')], env: {} }],
      ['python', { program: PYTHON, args: [join(HERE, 'python/consume_orders.py')], env: { PYTHONPATH: await pythonClient() } }],
    ];
    const consumers = examples.map(([name, { env, ...command }]) => {
      const own = { ...env, ...settingsOf(stream), GROUP: name, DATABASE: join(folder, name, 'orders.sqlite') };
      return new ExampleConsumer(name, join(folder, name), [{ ...command, env: own }], countRows);
    });
    const kcat = await kcatCommands(join(folder, 'kcat'), stream);
    return [...consumers, new ExampleConsumer('kcat', join(folder, 'kcat'), kcat, countFiles)];
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const log = openSync(this.#logFile, 'a');
    this.#running = this.#commands.map(({ program, args, env }) =>
      // In a group of its own, which is killed as a whole: a shell has others working for it.
      spawn(program, [...args], { detached: true, stdio: ['ignore', log, log], env: { PATH: process.env['PATH'], ...env } }),
    );
    await Promise.all(this.#running.map((child) => once(child, 'spawn')));
  }

  kill9(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Answers when it has ended in order. Throws what it said where it has not. */
  async stop(): Promise<void> {
    const processes = this.#running;
    await this.#end('SIGTERM');
    const failed = processes.filter(({ exitCode, signalCode }) => exitCode !== 0 && signalCode !== 'SIGTERM');
    if (failed.length > 0) throw new Error(`${this.name} did not stop in order: ${await this.said()}`);
  }

  counted(): Promise<Counted> {
    return this.#count(this.#folder);
  }

  async said(): Promise<string> {
    return (await readFile(this.#logFile, 'utf8').catch(() => '')).slice(-2_000);
  }

  get #logFile(): string {
    return join(this.#folder, 'log');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = Promise.all(running.map((child) => once(child, 'exit')));
    for (const { pid } of running) if (pid !== undefined) process.kill(signal === 'SIGKILL' ? -pid : pid, signal);
    await ended;
    this.#running = [];
  }
}

const settingsOf = ({ brokers, topic }: Stream): Record<string, string> => ({ BROKERS: brokers, TOPIC: topic });

/** The client for Python, once for all runs of this machine. */
async function pythonClient(): Promise<string> {
  const requirements = join(HERE, 'python/requirements.txt');
  const version = (await runCommand(PYTHON, ['--version'])).trim();
  const hash = createHash('sha256')
    .update(version + (await readFile(requirements, 'utf8')))
    .digest('hex');
  return cached(`python-consumer-${hash.slice(0, 12)}`, async (folder) => {
    await runCommand(PYTHON, ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', '--target', folder, '-r', requirements]);
  });
}

/** One process for each partition. */
async function kcatCommands(folder: string, stream: Stream): Promise<Command[]> {
  const tools = await kcatTools();
  const script = join(HERE, 'kcat/consume-orders.sh');
  return Array.from({ length: stream.partitions }, (_, partition) => ({
    program: 'bash',
    args: [script],
    env: { ...tools, ...settingsOf(stream), FOLDER: folder, PARTITION: String(partition) },
  }));
}

async function kcatTools(): Promise<Record<string, string>> {
  if (findProgram('kcat') !== undefined && findProgram('jq') !== undefined) return {};
  const root = await cached('kcat', (folder) => unpackPackages(['kcat', 'jq'], folder));
  return { PATH: `${join(root, 'usr/bin')}${delimiter}${process.env['PATH'] ?? ''}`, LD_LIBRARY_PATH: await libraryPath(root) };
}

async function countRows(folder: string): Promise<Counted> {
  const database = new DatabaseSync(join(folder, 'orders.sqlite'), { readOnly: true, timeout: 5_000 });
  try {
    const sums = database.prepare('SELECT coalesce(sum(orders), 0) AS orders, coalesce(sum(amount), 0) AS amount FROM totals').get();
    const aside = database.prepare('SELECT count(*) AS aside FROM set_aside').get();
    return { orders: Number(sums?.['orders']), amount: Number(sums?.['amount']), aside: Number(aside?.['aside']) };
  } finally {
    database.close();
  }
}

async function countFiles(folder: string): Promise<Counted> {
  const files = await readdir(join(folder, 'events'));
  const data = await Promise.all(files.map((file) => readFile(join(folder, 'events', file), 'utf8')));
  const amounts = data.map(amountIn);
  const numbers = amounts.filter((amount) => typeof amount === 'number');
  const aside = amounts.length - numbers.length + (await readdir(join(folder, 'aside'))).length;
  return { orders: numbers.length, amount: numbers.reduce((sum, amount) => sum + amount, 0), aside };
}

/** The effect of the script is the data as they came: whoever reads its files has to look at them. */
function amountIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { amount: unknown }).amount;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
