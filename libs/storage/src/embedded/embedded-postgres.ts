import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../make-folder.ts';
import { chooseAccount } from './account.ts';
import { USER, checkFolder, dataOf, describeLack, initialise, readPassword } from './data-folder.ts';
import { messageOf } from '../error-code.ts';
import { explainFault } from '../folder-faults.ts';
import { findFreePort } from './free-port.ts';
import { claimFolder } from './owner-lock.ts';
import { findBinaries } from './postgres-binaries.ts';
import { StartFailed, startPostmaster } from './postmaster.ts';
import type { Postmaster, PostmasterPlan } from './postmaster.ts';
import { endProcess, findPostmaster, readPostmasterFile, signalProcess } from './postmaster-file.ts';

export interface EmbeddedOptions {
  /** Hears one line when an orphan was ended, and when PostgreSQL ended by itself and was started again. */
  log?: (line: string) => void;
  /** PostgreSQL settings over the embedded defaults. */
  settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** postgres://… with the password in it. It stays the same while this owner lives, also when PostgreSQL had to be started again. */
  readonly url: string;
  /** The server process that runs now. */
  readonly pid: number;
  /** While PostgreSQL has ended by itself and could not be started again: why, and what to do. */
  readonly fault: string | undefined;
  /** Ends PostgreSQL in order and gives the folder free. Calling it again is harmless. */
  stop(): Promise<void>;
}

const PORT_ATTEMPTS = 5;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;

/**
 * Starts a durable PostgreSQL of one's own in `folder` (made when absent), on loopback, as a plain user or as root.
 *
 * The calling process owns it: a second owner gets `FolderInUse`. When an owner was killed, its PostgreSQL is ended in order and
 * started again, with everything that was committed. While the owner lives, a PostgreSQL that ends by itself is started again.
 * Throws sentences that name the remedy for a read-only or full folder, a foreign version, or a platform without binaries.
 */
export async function embeddedPostgres(folder: string, options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  const wanted = resolve(folder);
  try {
    await makeFolder(wanted, 0o700);
    const home = await realpath(wanted);
    const release = await claimFolder(home);
    try {
      return await Owned.start(home, { release, log: options.log ?? (() => undefined) }, options.settings ?? {});
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    throw explainFault(error, wanted);
  }
}

/** The URL of the PostgreSQL that runs in `folder` now, owned by another process. It holds the password: never log it. */
export async function readEmbeddedUrl(folder: string): Promise<string> {
  const home = resolve(folder);
  const running = await findPostmaster(dataOf(home));
  if (running === undefined || !running.ready) {
    throw new Error(`No database runs in ${home}. Start it with: roofshot up --data ${home}`);
  }
  return urlOf(await readPassword(home), running.port);
}

interface Owner {
  release: () => Promise<void>;
  log: (line: string) => void;
}

class Owned implements EmbeddedPostgres {
  readonly #plan: PostmasterPlan;
  readonly #owner: Owner;
  readonly #abort = new AbortController();
  #postmaster: Postmaster;
  #fault: string | undefined;
  #healing: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;
  readonly #endWithProcess = (): void => {
    signalProcess(this.#postmaster.pid, 'SIGINT');
  };

  private constructor(
    readonly url: string,
    server: { plan: PostmasterPlan; postmaster: Postmaster },
    owner: Owner,
  ) {
    this.#plan = server.plan;
    this.#postmaster = server.postmaster;
    this.#owner = owner;
    process.once('exit', this.#endWithProcess);
    this.#watch(server.postmaster);
  }

  static async start(home: string, owner: Owner, settings: Readonly<Record<string, string>>): Promise<Owned> {
    const data = dataOf(home);
    const account = await chooseAccount(data);
    const binaries = await findBinaries(account);
    const oldPort = await endOrphan(data, owner.log);
    await checkFolder(home, binaries);
    await initialise(home, binaries, account);
    const base = { program: binaries.postgres, data, account, logFile: join(home, 'postgres.log'), settings };
    const password = await readPassword(home); // before the start: nothing may fail between it and the watch
    const server = await startOnFreePort(base, oldPort);
    return new Owned(urlOf(password, server.plan.port), server, owner);
  }

  get pid(): number {
    return this.#postmaster.pid;
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    this.#abort.abort();
    process.removeListener('exit', this.#endWithProcess);
    await this.#healing;
    await this.#postmaster.stop();
    await this.#owner.release();
  }

  #watch(postmaster: Postmaster): void {
    void postmaster.ended.then((reason) => {
      if (!this.#abort.signal.aborted) this.#healing = this.#restart(reason);
    });
  }

  async #restart(reason: string): Promise<void> {
    this.#owner.log(`PostgreSQL ended by itself (${reason}) and is started again.`);
    for (let backoff = FIRST_BACKOFF_MS; !this.#abort.signal.aborted; backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)) {
      try {
        this.#postmaster = await startPostmaster(this.#plan);
        this.#fault = undefined;
        this.#owner.log(`PostgreSQL runs again (process ${this.#postmaster.pid}).`);
        this.#watch(this.#postmaster);
        return;
      } catch (error) {
        this.#fault = await explainStart(error, this.#plan.data);
        this.#owner.log(this.#fault);
        await delay(backoff, undefined, { signal: this.#abort.signal, ref: false }).catch(() => undefined); // stop() ends the wait
      }
    }
  }
}

/** What PostgreSQL says of a full disk is often lost with it, as its log lies there too: then the disk itself is looked at. */
async function explainStart(error: unknown, data: string): Promise<string> {
  const explained = explainFault(error, data);
  const lack = explained === error ? await describeLack(data) : undefined;
  return lack === undefined ? messageOf(explained) : `${lack} Free some space and try again; nothing is lost.`;
}

/** The PostgreSQL of a killed owner still runs: end it, so that its sessions let go of their locks. Answers the port it had. */
async function endOrphan(data: string, log: (line: string) => void): Promise<number | undefined> {
  const orphan = await findPostmaster(data);
  if (orphan === undefined) return (await readPostmasterFile(data))?.port;
  log(`A PostgreSQL that lost its owner (process ${orphan.pid}) is ended and started again.`);
  await endProcess(orphan.pid);
  return orphan.port;
}

/** The port may be taken between the look and the start; then another one is tried. */
async function startOnFreePort(
  base: Omit<PostmasterPlan, 'port'>,
  wish: number | undefined,
): Promise<{ plan: PostmasterPlan; postmaster: Postmaster }> {
  for (let attempt = 1; ; attempt += 1) {
    const plan = { ...base, port: await findFreePort(base.data, attempt === 1 ? wish : undefined) };
    try {
      return { plan, postmaster: await startPostmaster(plan) };
    } catch (error) {
      if (!(error instanceof StartFailed && error.portTaken) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function urlOf(password: string, port: number): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
}
