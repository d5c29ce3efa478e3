import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { abandonPlace, openPlace } from './place.ts';
import { accountFor, ServerProcess, tailOf } from './server-process.ts';
import type { Command, Launch, Place, ServerKind } from './server-kind.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/** A server of the caller's own. It lives no longer than the calling process. */
export interface RunningServer {
  /** The same after every restart. */
  readonly url: string;
  /** The server's process; where the server is a container, its first process as the engine tells it. */
  readonly pid: number;
  /** Ends it in order; its data stays. */
  stop(): Promise<void>;
  /** As a power cut for it: no goodbye to anybody. */
  kill9(): Promise<void>;
  /** Starts it again, after `stop` or `kill9` or from running, on the same port with the same data, and waits until it works. */
  restart(): Promise<void>;
  /** Its processes get no time to run until `thaw`; its connections stay open. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/**
 * Starts a server from programs on this machine, and answers when it has proven to work. A start that fails is tried once more; a
 * new server's then on other ports, for its first ones may have been taken meanwhile.
 * @throws NotToBeHad, or an error with the end of the server's log
 */
export async function startNative(kind: ServerKind, folder: string): Promise<RunningServer> {
  const plan = await kind.obtain();
  const { place, isNew } = await openPlace(kind, folder);
  const server = new NativeServer(kind, place, plan);
  if (await server.tryStart()) return server;
  if (isNew) await abandonPlace(folder);
  const again = new NativeServer(kind, (await openPlace(kind, folder)).place, plan);
  await again.restart();
  return again;
}

class NativeServer implements RunningServer {
  readonly url: string;
  readonly #kind: ServerKind;
  readonly #place: Place;
  readonly #plan: (place: Place) => Promise<Launch>;
  #server: ServerProcess | undefined;
  #companion: ServerProcess | undefined;

  constructor(kind: ServerKind, place: Place, plan: (place: Place) => Promise<Launch>) {
    this.#kind = kind;
    this.#place = place;
    this.#plan = plan;
    this.url = kind.url(place);
  }

  get pid(): number {
    if (this.#server === undefined) throw new Error(`${this.#kind.title} was never started`);
    return this.#server.pid;
  }

  async tryStart(): Promise<boolean> {
    return this.restart().then(
      () => true,
      () => false,
    );
  }

  async restart(): Promise<void> {
    await this.stop();
    const { server, companion } = await this.#plan(this.#place);
    if (companion !== undefined) this.#companion = await this.#run(companion);
    this.#server = await this.#run(server);
    try {
      await this.#prove(this.#server);
    } catch (error) {
      await this.kill9();
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    await this.#companion?.stop();
  }

  async kill9(): Promise<void> {
    await this.#server?.kill9();
  }

  async freeze(): Promise<void> {
    this.#server?.signal('SIGSTOP');
  }

  async thaw(): Promise<void> {
    this.#server?.signal('SIGCONT');
  }

  get #logFile(): string {
    return join(this.#place.folder, '..', 'server.log');
  }

  #run(command: Command): Promise<ServerProcess> {
    const account = accountFor(this.#kind.refusesRoot);
    return ServerProcess.start({ command, folder: this.#place.folder, logFile: this.#logFile, account });
  }

  async #prove(server: ServerProcess): Promise<void> {
    const { title, patienceMs, prove } = this.#kind;
    const end = Date.now() + patienceMs;
    let pause = FIRST_PAUSE_MS;
    for (let last: unknown; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const ended = server.ended.then((how) => Promise.reject(new StartFailed(`${title} ended with ${how} before it was ready.`)));
      try {
        return await Promise.race([ended, prove(this.url)]);
      } catch (error) {
        last = error;
      }
      const failed = last instanceof StartFailed || Date.now() > end;
      if (failed)
        throw await this.#explain(
          last,
          last instanceof StartFailed ? last.message : `${title} was not ready after ${patienceMs / 1000} s.`,
        );
      await delay(pause);
    }
  }

  async #explain(cause: unknown, what: string): Promise<Error> {
    const saw = cause instanceof StartFailed ? '' : ` The last try to use it: ${(cause as Error).message}`;
    return new Error(`${what}${saw} ${await tailOf(this.#logFile)}`, { cause });
  }
}

class StartFailed extends Error {}
