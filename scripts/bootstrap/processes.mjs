import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter } from 'node:path';
import { BIN } from './paths.mjs';

/** @type {import('node:child_process').ChildProcess | undefined} */
let running;
/** @type {NodeJS.Signals | undefined} */
let stoppedBy;

/** Hands SIGINT, SIGTERM and SIGHUP on to the child that is running; without one, ends this process in the usual way. */
export function forwardSignals() {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => {
      stoppedBy = signal;
      if (running === undefined) process.exit(exitCodeOf(null, signal));
      running.kill(signal);
    });
  }
}

/** The signal that asked this process to stop, if one did. */
export function interruption() {
  return stoppedBy;
}

/** @param {string} tool @param {readonly string[]} args */
export function capture(tool, args) {
  const result = spawnSync(tool, args, { encoding: 'utf8', timeout: 60_000 });
  return { ok: result.status === 0, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/**
 * Runs a tool with its output in a log file.
 * @param {readonly string[]} command tool and arguments
 * @param {{ cwd: string, log: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ ok: boolean, output: string }>} never rejects: a tool that cannot be started is a failed one
 */
export function runLogged([tool = '', ...args], { cwd, log, env = process.env }) {
  const output = openSync(log, 'w');
  const child = spawn(tool, args, { cwd, env, stdio: ['ignore', output, output] });
  return finished(child).then(({ code, error }) => {
    closeSync(output);
    const text = readFileSync(log, 'utf8') + (error === undefined ? '' : String(error));
    return { ok: code === 0, output: text };
  });
}

/**
 * Runs the real command in the foreground.
 * @param {readonly string[]} command tool and arguments
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code; 128 + n after signal n; 127 when it cannot be started
 */
export async function runForeground([tool = '', ...args], options) {
  const { code, signal, error } = await finished(spawn(tool, args, { ...options, stdio: 'inherit' }));
  if (error !== undefined) process.stderr.write(`${tool} could not be started: ${error.message}\n`);
  return error === undefined ? exitCodeOf(code, signal) : 127;
}

/** PATH without this project's own node_modules/.bin, which npm puts first and `npm ci` deletes while it runs. */
export function machinePath() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.filter((folder) => folder !== BIN).join(delimiter);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, error?: Error }>}
 */
function finished(child) {
  running = child;
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    running = undefined;
  });
}

/**
 * As a shell gives it: 128 + n after signal n.
 * @param {number | null} code @param {NodeJS.Signals | null} signal
 */
export function exitCodeOf(code, signal) {
  return signal === null ? (code ?? 1) : 128 + constants.signals[signal];
}
