import { readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../error-code.ts';
import { isRunning, processStart } from './process-identity.ts';

/** What a running PostgreSQL writes about itself into its data folder. */
export interface PostmasterFile {
  pid: number;
  port: number;
  ready: boolean;
}

/** How long PostgreSQL gets to end in order (a checkpoint of what is in memory) before it is made to end at once. */
const ORDERLY_MS = 30_000;
const AT_ONCE_MS = 10_000;
const LOOK_MS = 20;

/** Undefined when there is no such file, or while it is being written. */
export async function readPostmasterFile(data: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port)) return undefined;
  return { pid, port, ready: lines[7]?.trim() === 'ready' };
}

/** The postmaster that runs on this data folder, if one does. A process that merely got its old number is not taken for it. */
export async function findPostmaster(data: string): Promise<PostmasterFile | undefined> {
  const file = await readPostmasterFile(data);
  if (file === undefined || (await processStart(file.pid)) === undefined) return undefined;
  const folder = await readlink(`/proc/${file.pid}/cwd`).catch(() => undefined);
  if (folder !== undefined && folder !== (await realpath(data))) return undefined;
  return file;
}

/** Ends a postmaster that this process did not start: in order, and at once when it does not listen. */
export async function endProcess(pid: number): Promise<void> {
  const start = await processStart(pid);
  if (start === undefined) return;
  if (await endWith(pid, start, 'SIGINT', ORDERLY_MS)) return;
  if (await endWith(pid, start, 'SIGQUIT', AT_ONCE_MS)) return;
  throw new Error(`PostgreSQL (process ${pid}) does not end. End it with: kill -9 ${pid}`);
}

async function endWith(pid: number, start: string, signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
  if (!signalProcess(pid, signal)) return true;
  const end = Date.now() + patienceMs;
  while (await isRunning(pid, start)) {
    if (Date.now() > end) return false;
    await delay(LOOK_MS);
  }
  return true;
}

/** False when the process has gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}
