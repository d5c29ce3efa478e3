import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, open, readFile, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from './run-command.ts';
import type { Command } from './server-kind.ts';

/** The account of servers that refuse root; undefined: this process's own. */
export interface Account {
  uid: number;
  gid: number;
}

const NOBODY: Account = { uid: 65534, gid: 65534 };
const ORDERLY_MS = 20_000;
/** From SIGKILL until the last process of a group is gone. */
const LAST_BREATH_MS = 5_000;
const LOOK_MS = 20;
const TAIL = 1_500;

/** The account for a server: nobody where root starts one that refuses root. */
export function accountFor(refusesRoot: boolean): Account | undefined {
  return refusesRoot && process.geteuid?.() === 0 ? NOBODY : undefined;
}

export interface ProcessPlan {
  command: Command;
  folder: string;
  logFile: string;
  account: Account | undefined;
}

/** One process of a server, with what it started itself. */
export class ServerProcess {
  readonly pid: number;
  /** Resolves when it has ended, with the words for how. */
  readonly ended: Promise<string>;
  #running = true;
  readonly #child: ChildProcess;
  readonly #endWithProcess = (): void => this.signal('SIGKILL');

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    this.ended = once(child, 'exit').then(([code, signal]) => {
      this.#running = false;
      process.removeListener('exit', this.#endWithProcess);
      return signal === null ? `exit code ${String(code)}` : `signal ${String(signal)}`;
    });
    process.once('exit', this.#endWithProcess);
  }

  static async start(plan: ProcessPlan): Promise<ServerProcess> {
    const { command, folder, logFile, account } = plan;
    const log = await open(logFile, 'a', 0o644);
    try {
      if (account !== undefined) await chown(logFile, account.uid, account.gid);
      const [program = '', ...args] = leashed(command);
      const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', ...command.env };
      // A process group of its own: signals reach what it started, and a Ctrl-C in the terminal does not.
      const child = spawn(program, args, {
        cwd: command.cwd ?? folder,
        env,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        ...account,
      });
      await once(child, 'spawn');
      child.unref();
      return new ServerProcess(child, child.pid ?? 0);
    } finally {
      await log.close();
    }
  }

  get running(): boolean {
    return this.#running;
  }

  /** Reaches all processes of its group. Harmless when they have gone. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** In order, and at once when it does not listen in time. Also a frozen one ends. */
  async stop(signal: NodeJS.Signals, patienceMs = ORDERLY_MS): Promise<void> {
    if (!this.#running) return;
    this.#child.ref();
    this.signal('SIGCONT');
    this.#child.kill(signal); // the first process alone: it ends the others in its own order
    const orderly = new AbortController();
    await Promise.race([this.ended, delay(patienceMs, undefined, { signal: orderly.signal }).catch(() => undefined)]);
    orderly.abort();
    await this.kill9();
  }

  async kill9(): Promise<void> {
    this.#child.ref();
    this.signal('SIGKILL');
    await this.ended;
    const end = Date.now() + LAST_BREATH_MS;
    while (Date.now() < end && (await groupLives(this.pid))) await delay(LOOK_MS);
  }
}

/**
 * True while a process of the group runs: it may still hold a port or a lock that the next start wants. What has ended but was not
 * waited for by its parent counts as gone.
 */
async function groupLives(group: number): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.some((stat) => {
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the command before it may hold spaces and brackets
    return Number(pgrp) === group && state !== 'Z' && state !== 'X';
  });
}

/** On Linux the kernel ends the server when the process that started it is gone, however it went. */
function leashed({ program, args }: Command): string[] {
  const setpriv = process.platform === 'linux' ? findProgram('setpriv') : undefined;
  return setpriv === undefined ? [program, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', program, ...args];
}

/** The end of a log, for an error's text. */
export async function tailOf(logFile: string): Promise<string> {
  const text = (await readFile(logFile, 'utf8').catch(() => '')).trim();
  return text === '' ? 'It wrote nothing.' : `The end of its log: …${text.slice(-TAIL)}`;
}
