/** The `roofshot` command as people run it, and the platform that it talks to. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/roofshot.mjs', import.meta.url));
export const TEST_FOLDER = fileURLToPath(new URL('.', import.meta.url));
const ANY_PORTS = Object.fromEntries(
  ['INGESTION', 'FEATURES', 'TRAINING', 'REGISTRY', 'SERVING', 'EXPERIMENTS'].map((name) => [`${name}_PORT`, '0']),
);

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** A command that runs until it is ended. */
export function launch(args: readonly string[], { env = {}, cwd = TEST_FOLDER }: RunOptions): ChildProcess {
  const plain = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  return spawn(process.execPath, [BIN, ...args], { cwd, env: { ...plain, ...ANY_PORTS, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

function collect(child: ChildProcess): { out: string; err: string } {
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  return said;
}

/** Runs one command to its end. */
export async function roofshot(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = launch(args, options);
  const said = collect(child);
  child.stdin?.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

export interface Platform {
  readonly url: string;
  readonly services: Readonly<Record<string, string>>;
  /** Runs a command against it. */
  readonly run: (...args: string[]) => Promise<Ended>;
  /** What it has written so far. */
  readonly said: () => { readonly out: string; readonly err: string };
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<number | null>;
}

/** `roofshot up` on free ports, until it says that it is ready. */
export async function startPlatform(data: string, env: Readonly<Record<string, string>> = {}): Promise<Platform> {
  const child = launch(['up', '--data', data, '--port', '0', '--json'], { env });
  const said = collect(child);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const ready = new Promise<string>((resolve) => {
    child.stdout?.on('data', () => {
      const line = said.out.split('\n').find((one) => one.includes('"ready":true'));
      if (line !== undefined) resolve(line);
    });
  });
  const failed = closed.then(([code]) =>
    Promise.reject(new Error(`The platform ended (${String(code)}) before it was ready: ${said.err}`)),
  );
  failed.catch(() => undefined); // after the start its end is no failure
  const { url, services } = JSON.parse(await Promise.race([ready, failed])) as Pick<Platform, 'url' | 'services'>;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return (await closed)[0];
  };
  return {
    url,
    services,
    run: (...args) => roofshot(args, { env: { ROOFSHOT_URL: url, LOG_FILE: join(data, 'logs', 'roofshot.log') } }),
    said: () => ({ ...said }),
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}

export async function postJson<T>(url: string, path: string, body: unknown): Promise<{ status: number; headers: Headers; body: T }> {
  const type = Array.isArray(body) ? 'application/cloudevents-batch+json' : 'application/json';
  const answer = await fetch(new URL(path, url), { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': type } });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as T };
}

export const order = (number: number, over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: `order-${number}`,
  source: '/shop',
  type: 'order.placed',
  subject: `customer-${number % 3}`,
  time: '2026-03-01T11:59:00Z',
  data: { amount: number },
  ...over,
});
