import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { abandonPlace, openPlace } from './place.ts';
import type { RunningServer } from './running-server.ts';
import { accountFor, ServerProcess, tailOf } from './server-process.ts';
import type { Command, Launch, Place, ServerKind } from './server-kind.ts';
import { untilReady } from './until-ready.ts';
import type { Way, Wish } from './way.ts';

/** How a server is started in its place, from programs that are at hand. */
type Launcher = (place: Place) => Promise<Launch>;

/** From programs of this machine, which are fetched where they are missing. */
export function nativeWay(kind: ServerKind, wish: Wish): Way {
  const obtain = once(() => kind.obtain());
  return {
    prepare: async () => void (await obtain()),
    start: async () => startNative(kind, await obtain(), wish),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** A start that fails is tried once more; a new server's then on other ports, for its first ones may have been taken meanwhile. */
async function startNative(kind: ServerKind, launcher: Launcher, { folder, settings }: Wish): Promise<RunningServer> {
  const { place, isNew } = await openPlace(kind, folder, settings);
  const server = new NativeServer(kind, place, launcher);
  if (await server.tryStart()) return server;
  if (isNew) await abandonPlace(folder);
  const again = new NativeServer(kind, (await openPlace(kind, folder, settings)).place, launcher);
  await again.restart();
  return again;
}

class NativeServer implements RunningServer {
  readonly url: string;
  readonly #kind: ServerKind;
  readonly #place: Place;
  readonly #launcher: Launcher;
  #stopSignal: NodeJS.Signals = 'SIGTERM';
  #server: ServerProcess | undefined;
  #companion: ServerProcess | undefined;

  constructor(kind: ServerKind, place: Place, launcher: Launcher) {
    this.#kind = kind;
    this.#place = place;
    this.#launcher = launcher;
    this.url = kind.url(place);
  }

  get pid(): number {
    if (this.#server === undefined) throw new Error(`${this.#kind.title} was never started`);
    return this.#server.pid;
  }

  async isRunning(): Promise<boolean> {
    return this.#server?.running === true;
  }

  async tryStart(): Promise<boolean> {
    return this.restart().then(
      () => true,
      () => false,
    );
  }

  async restart(): Promise<void> {
    await this.stop();
    const { server, companion, stopSignal = 'SIGTERM' } = await this.#launcher(this.#place);
    this.#stopSignal = stopSignal;
    if (companion !== undefined) this.#companion = await this.#run(companion);
    this.#server = await this.#run(server);
    try {
      await untilReady({ kind: this.#kind, url: this.url, ended: this.#server.ended, tail: () => tailOf(this.#logFile) });
    } catch (error) {
      await this.kill9();
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop(this.#stopSignal);
    await this.#companion?.stop('SIGTERM');
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

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  get #home(): string {
    return dirname(this.#place.folder);
  }

  get #logFile(): string {
    return join(this.#home, 'server.log');
  }

  #run(command: Command): Promise<ServerProcess> {
    const account = accountFor(this.#kind.refusesRoot);
    return ServerProcess.start({ command, folder: this.#place.folder, logFile: this.#logFile, account });
  }
}
