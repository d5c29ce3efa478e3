import { rm } from 'node:fs/promises';
import { messageOf } from '../message-of.ts';
import { startServer } from './start-server.ts';
import type { RunningServer } from './running-server.ts';
import type { ServerName } from './server-kind.ts';
import { clearState, isUsed, serverFolder, writeState } from './shared-folder.ts';

/** How long a failure is told to everybody who asks before the next try: a missing program is not looked for once per test file. */
export const FAILURE_HOLDS_MS = 60_000;

/** One of the shared servers, seen by the keeper. It never rejects: what goes wrong is said in its state. */
export class KeptServer {
  #running: RunningServer | undefined;
  #starting: Promise<void> | undefined;
  #failedAt = 0;
  #usedAt = 0;

  constructor(
    readonly folder: string,
    readonly name: ServerName,
  ) {}

  /** Starts it when it is wanted, and ends it when nobody has used it for `idleMs`. @returns whether there is anything to stay for */
  async look(idleMs: number): Promise<boolean> {
    const used = await isUsed(this.folder, this.name);
    if (used) this.#usedAt = Date.now();
    if (this.#starting !== undefined) return true;
    if (this.#running !== undefined && !(await this.#running.isRunning())) await this.end(); // by itself: it is started anew
    if (this.#running !== undefined) return used || Date.now() - this.#usedAt < idleMs || (await this.#endUnused(this.#running));
    if (used && Date.now() - this.#failedAt > FAILURE_HOLDS_MS) this.#starting = this.#start();
    return used;
  }

  /** Forgets what an earlier keeper has left. */
  async clear(): Promise<void> {
    await clearState(this.folder, this.name);
    await rm(serverFolder(this.folder, this.name), { recursive: true, force: true });
  }

  async end(): Promise<void> {
    await this.#starting;
    await clearState(this.folder, this.name);
    await this.#running?.remove();
    this.#running = undefined;
  }

  async #start(): Promise<void> {
    try {
      await this.clear();
      this.#running = await startServer(this.name, { folder: serverFolder(this.folder, this.name) });
      await writeState(this.folder, this.name, { url: this.#running.url });
    } catch (error) {
      this.#failedAt = Date.now();
      await writeState(this.folder, this.name, { error: messageOf(error), at: this.#failedAt });
    } finally {
      this.#starting = undefined;
    }
  }

  /**
   * Its address is taken back first and then its users are looked at once more: who asks says that he uses it before he reads the
   * address, so either he finds none, or he is seen here.
   */
  async #endUnused(server: RunningServer): Promise<boolean> {
    await clearState(this.folder, this.name);
    if (await isUsed(this.folder, this.name)) {
      await writeState(this.folder, this.name, { url: server.url });
      return true;
    }
    await this.end();
    return false;
  }
}
