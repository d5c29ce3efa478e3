/** The training service as a process of its own, to be killed, paused and stopped. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REGISTER = new URL('../../../register.mjs', import.meta.url).href;
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

interface Line {
  readonly message: string;
  readonly 'event.outcome'?: string;
  readonly 'labels.services'?: readonly string[];
}

export interface ChildService {
  readonly url: string;
  /** What it has logged so far. */
  readonly lines: readonly Line[];
  /** Resolves when the signal was sent, and for SIGKILL and SIGTERM when the process has ended. */
  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

export async function startChild(env: Readonly<Record<string, string>>): Promise<ChildService> {
  const child = spawn(process.execPath, ['--import', REGISTER, MAIN], {
    env: { PATH: '/usr/bin:/bin', ...env, TRAINING_PORT: '0', LOG_FILE: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Line[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The service ended with ${code} before it was ready: ${JSON.stringify(lines)}`)));
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      const [service] = line['labels.services'] ?? [];
      if (line.message === 'Ready.' && service !== undefined) resolve(service.replace('training ', ''));
    });
  });
  return { url, lines, signal: (name) => signal(child, name) };
}

async function signal(child: ChildProcess, name: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(name);
  if (name === 'SIGKILL' || name === 'SIGTERM') await ended;
}

/** A process that has ended and waits to be buried does not live. */
export function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  try {
    return existsSync(file) && !/\) [ZX] /.test(readFileSync(file, 'utf8'));
  } catch {
    return false; // ended between the two looks
  }
}
