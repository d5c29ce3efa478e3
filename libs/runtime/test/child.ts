/** A program of this folder as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const REGISTER = fileURLToPath(new URL('../../../register.mjs', import.meta.url));

export interface Child {
  readonly pid: number;
  readonly said: () => { readonly out: string; readonly err: string };
  /** Sends the signal; answers the exit code, or the signal that ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | string>;
  readonly ended: Promise<number | string>;
}

/** `main`: a file of this folder. */
export function startChild(main: string, env: Readonly<Record<string, string>>): Child {
  const child = spawn(process.execPath, ['--import', REGISTER, fileURLToPath(new URL(main, import.meta.url))], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? 'unknown');
  const end = (signal: NodeJS.Signals): Promise<number | string> => {
    child.kill(signal);
    return ended;
  };
  return { pid: child.pid ?? 0, said: () => ({ ...said }), end, ended };
}
