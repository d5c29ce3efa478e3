import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { codeOf } from '../error-code.ts';

/** Where process ids have their meaning: a host (or container) between two boots. */
export interface Place {
  host: string;
  boot: string;
  /** The running kernel, which containers share; empty where it has no name. */
  kernel: string;
}

export async function thisPlace(): Promise<Place> {
  const [boot, namespace] = await Promise.all([
    orNothing(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    orNothing(readlink('/proc/self/ns/pid')),
  ]);
  return { host: shortHash(hostname()), boot: shortHash(boot + namespace), kernel: boot === '' ? '' : shortHash(boot) };
}

/**
 * When the process started, in a form that only serves to tell two processes of the same id apart; undefined when no such process runs
 * (a zombie does not). Empty when it runs but its start cannot be read.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (!exists(pid)) return undefined;
  const stat = await orNothing(readFile(`/proc/${pid}/stat`, 'utf8'));
  if (stat === '') return exists(pid) ? startFromPs(pid) : undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the command before it may hold spaces and brackets
  return fields[0] === 'Z' ? undefined : fields[19];
}

/** True while the process that had this id and start is running. An unreadable start counts as the same process: rather refuse than share. */
export async function isRunning(pid: number, start: string): Promise<boolean> {
  const now = await processStart(pid);
  return now !== undefined && (now === '' || start === '' || now === start);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function startFromPs(pid: number): Promise<string> {
  const run = promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
  const text = await orNothing(run.then(({ stdout }) => stdout.trim()));
  return text === '' ? '' : shortHash(text);
}

/** The text, or '' where this system does not offer it. */
async function orNothing(text: Promise<string>): Promise<string> {
  return text.catch(() => '');
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
