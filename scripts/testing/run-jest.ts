import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const NODE_OPTIONS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const POLL_MS = 250;
const AFTER_RESULTS_MS = 20_000;
/** For the slowest package, which starts the platform many times. */
const LONGEST_RUN_MS = 45 * 60_000;
const BEFORE_KILL_MS = 5_000;

export interface JestRun {
  /** Where tests are looked for, relative to the root. */
  folders: readonly string[];
  /** The file that jest's results are written to. */
  results: string;
  env?: NodeJS.ProcessEnv;
  /** How long jest may stay after it has written its results; it waits for ever for what tests left open. */
  afterResultsMs?: number;
  output?: 'inherit' | 'ignore';
}

/** Where the results of one project's tests are left; Nx keeps the file with the task it caches. */
export function resultFile(project: string, extension = 'json'): string {
  return join(ROOT, 'test-results', `${project}.${extension}`);
}

/**
 * Runs jest once.
 * @returns jest's exit code; 1 when it had to be ended because it hung, with the reason on stderr
 */
export async function runJest(args: readonly string[], run: JestRun): Promise<number> {
  const { folders, results, env = process.env, afterResultsMs = AFTER_RESULTS_MS, output = 'inherit' } = run;
  mkdirSync(dirname(results), { recursive: true });
  rmSync(results, { force: true });
  const roots = folders.flatMap((folder) => ['--roots', resolve(ROOT, folder)]);
  const report = ['--ci', '--passWithNoTests', '--json', '--outputFile', results];
  // A process group of its own: what tests started and forgot is found and ended with it.
  const child = spawn(process.execPath, [...NODE_OPTIONS, JEST, ...report, ...roots, ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', output, output],
    detached: true,
  });
  const stop = (signal: NodeJS.Signals) => signalGroup(child, signal);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const hung = await waitFor(child, results, afterResultsMs);
  if (hung !== undefined) process.stderr.write(`\n${hung}\n`);
  await endGroup(child);
  process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  return hung === undefined ? (child.exitCode ?? 1) : 1;
}

/** @returns the reason why waiting was given up, or undefined when jest ended by itself */
async function waitFor(child: ChildProcess, file: string, afterResultsMs: number): Promise<string | undefined> {
  const deadline = Date.now() + LONGEST_RUN_MS;
  const exit = once(child, 'exit');
  let written = Number.POSITIVE_INFINITY;
  while (child.exitCode === null && child.signalCode === null) {
    await Promise.race([exit, pause(POLL_MS)]);
    if (written === Number.POSITIVE_INFINITY && existsSync(file)) written = Date.now();
    if (Date.now() > written + afterResultsMs) {
      return 'jest did not end: a test left a timer, a socket or a server open. Find it with: npx jest --detectOpenHandles';
    }
    if (Date.now() > deadline) return `jest was ended after ${LONGEST_RUN_MS / 60_000} minutes: a test hangs`;
  }
  return undefined;
}

async function endGroup(child: ChildProcess): Promise<void> {
  if (!signalGroup(child, 'SIGTERM')) return;
  const deadline = Date.now() + BEFORE_KILL_MS;
  while (Date.now() < deadline && signalGroup(child, 0)) await pause(POLL_MS);
  if (signalGroup(child, 'SIGKILL')) process.stderr.write('processes that the tests left running were killed\n');
}

/** @returns false when no process of the group is left */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
