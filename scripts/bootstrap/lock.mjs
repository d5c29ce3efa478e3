import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 200;
/** A take-over is a few system calls; one that is older than this was killed in the middle. */
const TAKEOVER_STALE_MS = 10_000;

/**
 * Runs `work` while this process alone holds the lock file; waits for a living holder, takes over from a dead one.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  await acquire(file);
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** @param {string} file */
async function acquire(file) {
  let told = false;
  while (!create(file)) {
    const holder = read(file);
    if (holder !== undefined && !isAlive(holder)) {
      removeDead(file);
    } else if (!told && holder !== undefined) {
      process.stderr.write(`another set-up of this folder is at work (process ${holder.pid}); waiting for it\n`);
      told = true;
    }
    await pause(POLL_MS);
  }
}

/** @param {string} file */
function create(file) {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {{ pid: number, started: string } | undefined} undefined: gone, or not written yet
 */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    // Its owner is between creating and writing it, or was killed there; only age can tell the two apart.
    return isOlderThan(file, TAKEOVER_STALE_MS) ? { pid: 0, started: '' } : undefined;
  }
}

/**
 * Two waiters may both see that the holder is dead; the folder lets one of them look again and remove the file, so
 * that the slower one cannot remove the lock which the faster one has just taken.
 * @param {string} file
 */
function removeDead(file) {
  const takeover = `${file}.takeover`;
  try {
    mkdirSync(takeover);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (isOlderThan(takeover, TAKEOVER_STALE_MS)) rmSync(takeover, { recursive: true, force: true });
    return;
  }
  const holder = read(file);
  if (holder !== undefined && !isAlive(holder)) rmSync(file, { force: true });
  rmdirSync(takeover);
}

/** @param {{ pid: number, started: string }} holder */
function isAlive({ pid, started }) {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  // The number may have been given to another process since.
  return startOf(pid) === started;
}

/**
 * When a process started, in clock ticks since boot; '' where the system has no /proc.
 * @param {number} pid
 */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

/** @param {string} path @param {number} milliseconds */
function isOlderThan(path, milliseconds) {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > milliseconds;
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
