/** Starts the platform as a user would (`roofshot up`), waits until it is ready, measures its memory, stops it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMemoryWatch, type MemoryWatch } from './memory.ts';

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

/** `data`: the platform's folder; `port`: of the gateway, default 4100. Its log goes to `<data>/logs/platform.log`. */
export async function startPlatform(data: string, port?: string): Promise<RunningPlatform> {
  mkdirSync(join(data, 'logs'), { recursive: true });
  const started = performance.now();
  const child = spawn(process.execPath, [CLI, 'up', '--data', data, '--json', ...(port === undefined ? [] : ['--port', port])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(join(data, 'logs', 'platform.log'), { flags: 'a' });
  child.stderr.pipe(log);
  const ended = once(child, 'exit').then(() => undefined);
  const url = await urlOf(child, ended, join(data, 'logs', 'platform.log'));
  const pid = child.pid ?? process.pid;
  const memory = startMemoryWatch(pid);
  return { url, pid, memory, readySeconds: (performance.now() - started) / 1000, ended, stop: () => stop(child, ended, memory) };
}

/** `roofshot up --json` prints one line when it is ready: `{"ready":true,"url":…}`. */
async function urlOf(child: ChildProcess, ended: Promise<void>, logFile: string): Promise<string> {
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
    throw new Error(`The platform ended before it was ready: ${reasonIn(text)} Its log: ${logFile}`);
  });
  return Promise.race([ready, failed]);
}

/** The message of a fatal log line, or the text as it is. */
function reasonIn(text: string): string {
  const fatal = text.split('\n').find((line) => line.includes('"error.message"'));
  return fatal === undefined ? text.trim() : String((JSON.parse(fatal) as Record<string, unknown>)['error.message']);
}

async function stop(child: ChildProcess, ended: Promise<void>, memory: MemoryWatch): Promise<void> {
  memory.stop();
  child.kill('SIGTERM');
  await ended;
}
