import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../error-code.ts';
import type { Account } from './account.ts';
import { dataArgument } from './data-folder.ts';
import { endProcess, readPostmasterFile } from './postmaster-file.ts';

export interface PostmasterPlan {
  program: string;
  data: string;
  account: Account | undefined;
  port: number;
  /** Where PostgreSQL writes what it has to say. */
  logFile: string;
  /** Settings over the embedded defaults. */
  settings: Readonly<Record<string, string>>;
}

/** PostgreSQL ended before it was ready. `text` is what it wrote. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';

  constructor(
    readonly text: string,
    logFile: string,
  ) {
    const reasons = text.split('\n').filter((line) => /\b(FATAL|PANIC|HINT|postgres:)/.test(line));
    const why = (reasons.length > 0 ? reasons : text.trim().split('\n')).slice(-3).join(' ').trim();
    super(`PostgreSQL did not start: ${why === '' ? 'it said nothing' : why}. Its log is ${logFile}.`);
  }

  get portTaken(): boolean {
    return /Address already in use|could not create any TCP\/IP sockets/.test(this.text);
  }

  /** The processes of a killed postmaster take a moment to notice. */
  get predecessorLeaves(): boolean {
    return /pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(this.text);
  }
}

/**
 * Small on memory, safe on disk: fsync, full_page_writes and synchronous_commit keep their safe defaults.
 * No replication (minimal write-ahead log), no parallel workers, no compiler: they cost memory and gain nothing on two cores.
 * A client that was killed is noticed within seconds even while its statement runs.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  maintenance_work_mem: '32MB',
  effective_cache_size: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_worker_processes: '2',
  max_parallel_workers_per_gather: '0',
  io_method: 'sync',
  jit: 'off',
  autovacuum_max_workers: '2',
  client_connection_check_interval: '5s',
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const LOOK_MS = 15;
/** Recovery after a crash replays at most one checkpoint interval; a start that takes longer than this is stuck. */
const READY_MS = 180_000;
const PREDECESSOR_MS = 15_000;

/** One running PostgreSQL server process. */
export interface Postmaster {
  readonly pid: number;
  /** Resolves when it ends, for whatever reason, with the reason's words. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** Starts PostgreSQL and resolves when it accepts connections. Throws `StartFailed`. */
export async function startPostmaster(plan: PostmasterPlan): Promise<Postmaster> {
  const end = Date.now() + PREDECESSOR_MS;
  for (;;) {
    try {
      return await launch(plan);
    } catch (error) {
      if (!(error instanceof StartFailed && error.predecessorLeaves) || Date.now() > end) throw error;
      await delay(LOOK_MS * 5);
    }
  }
}

async function launch(plan: PostmasterPlan): Promise<Postmaster> {
  const logStart = await prepareLog(plan.logFile);
  const child = await spawnPostgres(plan);
  const { pid, ended } = child;
  if (pid === undefined) throw new StartFailed(await ended, plan.logFile);
  const outcome = await becomeReady(plan.data, pid, ended);
  if (outcome === 'ready') return { pid, ended, stop: () => stopChild(child, pid) };
  if (outcome === 'stuck') await endProcess(pid);
  throw new StartFailed((await readFile(plan.logFile)).subarray(logStart).toString('utf8'), plan.logFile);
}

interface Child {
  pid: number | undefined;
  ended: Promise<string>;
  /** Until then the child does not keep this process alive. */
  hold(): void;
}

async function stopChild(child: Child, pid: number): Promise<void> {
  child.hold();
  await endProcess(pid);
  await child.ended;
}

/** Its own session keeps a Ctrl-C in the terminal from ending it before the program that uses it has finished. */
async function spawnPostgres(plan: PostmasterPlan): Promise<Child> {
  const log = await open(plan.logFile, 'a', 0o600);
  try {
    const settings = Object.entries({ ...SETTINGS, ...plan.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(plan.program, ['-D', dataArgument(plan.data, plan.account), '-p', String(plan.port), ...settings], {
      cwd: plan.data,
      env: {},
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      ...plan.account,
    });
    child.unref();
    return { pid: child.pid, ended: endOf(child), hold: () => child.ref() };
  } finally {
    await log.close();
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return once(child, 'exit').then(
    ([code, signal]) => (signal === null ? `exit code ${String(code)}` : `signal ${String(signal)}`),
    messageOf,
  );
}

async function becomeReady(data: string, pid: number, ended: Promise<string>): Promise<'ready' | 'stuck' | 'ended'> {
  let running = true;
  void ended.then(() => (running = false));
  const end = Date.now() + READY_MS;
  while (Date.now() < end) {
    const file = await readPostmasterFile(data);
    if (!running) return 'ended';
    if (file?.pid === pid && file.ready) return 'ready';
    await delay(LOOK_MS);
  }
  return 'stuck';
}

/** Keeps one older log; answers where this start's lines begin. */
async function prepareLog(logFile: string): Promise<number> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0, // the first start
  );
  if (size <= LOG_LIMIT_BYTES) return size;
  await rename(logFile, `${logFile}.1`);
  return 0;
}
