/** Starts the platform as a user would (`roofshot up`), waits until it is ready, measures its memory, stops it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMemoryWatch, type MemoryWatch } from './memory.ts';
import type { ServerUrls } from '@roofshot/testing/platform-servers';

const CLI = fileURLToPath(new URL('../../../services/cli/bin/roofshot.mjs', import.meta.url));

export interface RunningPlatform {
  readonly url: string;
  readonly pid: number;
  readonly memory: MemoryWatch;
  /** Seconds from the start of the process to ready. */
  readonly readySeconds: number;
  /** Resolves when the platform has ended, however it did. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** What would lead the platform to servers and data of the shell that started it. */
const SERVER_KEYS = [
  'SQL_URL',
  'EVENTS_URL',
  'COMMANDS_URL',
  'ONLINE_URL',
  'OBJECTS_URL',
  'ELASTICSEARCH_URL',
  'ELASTICSEARCH_API_KEY',
  'DATA_DIR',
] as const;

/** Those of the keys that name servers or their data which a shell has set. */
export function serverKeysOf(shell: NodeJS.ProcessEnv): string[] {
  return SERVER_KEYS.filter((key) => (shell[key] ?? '').trim() !== '');
}

/** The environment of a platform with these servers and no others, whatever those are that the shell names. */
export function environmentOf(shell: NodeJS.ProcessEnv, servers: ServerUrls): NodeJS.ProcessEnv {
  const dropped = new Set<string>(SERVER_KEYS);
  return { ...Object.fromEntries(Object.entries(shell).filter(([key]) => !dropped.has(key))), ...servers };
}

/**
 * `data`: the platform's folder; `port`: of the gateway, default 4100; `servers`: what is not embedded, whatever this process's environment
 * names. Its log goes to `<data>/logs/platform.log`.
 */
export async function startPlatform(data: string, port?: string, servers: ServerUrls = {}): Promise<RunningPlatform> {
  mkdirSync(join(data, 'logs'), { recursive: true });
  const started = performance.now();
  const child = spawn(process.execPath, [CLI, 'up', '--data', data, '--json', ...(port === undefined ? [] : ['--port', port])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environmentOf(process.env, servers),
  });
  const log = createWriteStream(join(data, 'logs', 'platform.log'), { flags: 'a' });
  child.stderr.pipe(log);
  const said = lastSaid(child.stderr);
  // `close`, not `exit`: then it has said all that it had to say.
  const ended = once(child, 'close').then(() => undefined);
  const url = await urlOf(child, { ended, said, logFile: join(data, 'logs', 'platform.log') });
  const pid = child.pid ?? process.pid;
  const memory = startMemoryWatch(pid);
  return { url, pid, memory, readySeconds: (performance.now() - started) / 1000, ended, stop: () => stop(child, ended, memory) };
}

/** `roofshot up --json` prints one line when it is ready: `{"ready":true,"url":…}`. */
async function urlOf(
  child: ChildProcess,
  { ended, said, logFile }: { readonly ended: Promise<void>; readonly said: () => string; readonly logFile: string },
): Promise<string> {
  let text = '';
  const ready = new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const line of text.split('\n').slice(0, -1)) {
        if (line.startsWith('{') && line.includes('"ready":true')) resolve((JSON.parse(line) as { url: string }).url);
      }
    });
  });
  const failed = ended.then(() => {
    throw new Error(`The platform ended before it was ready. ${reasonIn(said())} Its log: ${logFile}`);
  });
  return Promise.race([ready, failed]);
}

/** Enough for the sentence with which it ends. */
const MOST_SAID = 4_000;

function lastSaid(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-MOST_SAID)));
  return () => text;
}

/** The last line for people, or the message of the last fatal log line. */
export function reasonIn(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const sentence = lines.findLast((line) => !line.startsWith('{') && !/^\(|Warning:|^\s+at /.test(line));
  if (sentence !== undefined) return sentence.trim();
  const fatal = lines.findLast((line) => line.startsWith('{') && line.endsWith('}') && line.includes('"error.message"'));
  return fatal === undefined ? 'It did not say why.' : String((JSON.parse(fatal) as Record<string, unknown>)['error.message']);
}

async function stop(child: ChildProcess, ended: Promise<void>, memory: MemoryWatch): Promise<void> {
  memory.stop();
  child.kill('SIGTERM');
  await ended;
}
