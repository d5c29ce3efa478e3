import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Another process that owns, or was refused, a data folder. */
export interface ChildOwner {
  /** Of the Node process. */
  pid: number;
  /** What it said first; undefined when it was killed before. */
  said: Promise<{ url?: string; pid?: number; error?: string } | undefined>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it in order. */
  end(): Promise<void>;
}

const REGISTER = new URL('../../../register.mjs', import.meta.url).href;
const OWNER = fileURLToPath(new URL('./owner.ts', import.meta.url));

export function startChildOwner(folder: string): ChildOwner {
  const child = spawn(process.execPath, ['--import', REGISTER, OWNER, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const said = Promise.race([
    once(lines, 'line').then(([line]) => JSON.parse(String(line)) as Record<string, never>),
    exited.then(() => undefined),
  ]);
  return {
    pid: child.pid ?? 0,
    said,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
