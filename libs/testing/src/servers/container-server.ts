import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, processStart } from '@roofshot/storage/process-identity';
import type { ContainerRuntimeClient } from 'testcontainers';
import { messageOf } from '../message-of.ts';
import { abandonPlace, openPlace } from './place.ts';
import type { RunningServer } from './running-server.ts';
import { NotToBeHad, type ContainerRecipe, type Place, type ServerKind } from './server-kind.ts';
import { untilReady } from './until-ready.ts';
import type { Way, Wish } from './way.ts';

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>;

/** Names the process that a container belongs to, so that those of killed processes can be told. */
const OWNER = 'dev.roofshot.test-server.owner';
const PULL_MS = 5 * 60_000;
const STOP_SECONDS = 20;
const LOOK_MS = 500;
const TAIL_LINES = 30;
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** Where engines listen; looking there costs nothing, loading the client takes a second. */
function mayHaveEngine(): boolean {
  const runtime = process.env.XDG_RUNTIME_DIR ?? `/run/user/${process.getuid?.() ?? 0}`;
  const sockets = ['/var/run/docker.sock', join(runtime, 'docker.sock'), join(homedir(), '.docker', 'run', 'docker.sock')];
  return process.env.DOCKER_HOST !== undefined || sockets.some((socket) => existsSync(socket));
}

/** As a container that is published on loopback only. */
export function containerWay(kind: ServerKind, wish: Wish): Way {
  const prepare = async (): Promise<ContainerRuntimeClient> => {
    if (Object.keys(wish.settings).length > 0) {
      throw new NotToBeHad(`the image of ${kind.title} takes no settings of a test's own`, 'start it without settings');
    }
    const engine = await findEngine();
    await haveImage(engine, kind.container.image);
    return engine;
  };
  return {
    prepare: async () => void (await prepare()),
    start: async () => startContainer(await prepare(), kind, wish),
  };
}

/** @throws NotToBeHad where no engine answers, or only one on another machine */
async function findEngine(): Promise<ContainerRuntimeClient> {
  const remedy = 'start Docker on this machine';
  if (!mayHaveEngine()) throw new NotToBeHad('no Docker engine answers', remedy);
  const { getContainerRuntimeClient } = await import('testcontainers');
  const engine = await getContainerRuntimeClient().catch((error: unknown) => {
    throw new NotToBeHad('no Docker engine answers', remedy, { cause: error });
  });
  const { host } = engine.info.containerRuntime;
  if (!LOOPBACK.includes(host)) throw new NotToBeHad(`the Docker engine is on ${host}, and tests use servers on loopback only`, remedy);
  return engine;
}

async function startContainer(engine: ContainerRuntimeClient, kind: ServerKind, { folder, settings }: Wish): Promise<RunningServer> {
  await removeForsaken(engine);
  const { place, isNew } = await openPlace(kind, folder, settings);
  const parts = { engine, kind, home: folder };
  try {
    return await run(parts, place);
  } catch {
    if (isNew) await abandonPlace(folder); // its port may have been taken meanwhile
    return run(parts, (await openPlace(kind, folder, settings)).place);
  }
}

async function run(parts: Omit<Parts, 'container'>, place: Place): Promise<RunningServer> {
  const container = await parts.engine.container.create(await description(parts.kind.container, place));
  const server = new ContainerServer({ ...parts, container }, parts.kind.url(place));
  try {
    await server.restart();
  } catch (error) {
    await container.remove({ force: true, v: true });
    throw error;
  }
  return server;
}

/** An image that is not here is pulled; without a network that fails within seconds. */
async function haveImage({ image }: ContainerRuntimeClient, name: string): Promise<void> {
  const wanted = (await import('testcontainers')).ImageName.fromString(name);
  const timeout = new AbortController();
  const late = delay(PULL_MS, undefined, { signal: timeout.signal }).then(() =>
    Promise.reject(new Error(`not within ${PULL_MS / 60_000} minutes`)),
  );
  try {
    await Promise.race([image.pull(wanted), late]);
    if (!(await image.exists(wanted))) throw new Error('the registry did not send it');
  } catch (error) {
    throw new NotToBeHad(`the image ${name} cannot be pulled (${messageOf(error).trim()})`, `docker pull ${name}`, { cause: error });
  } finally {
    timeout.abort();
    late.catch(() => undefined);
  }
}

async function description(recipe: ContainerRecipe, place: Place) {
  const port = `${recipe.port}/tcp`;
  const env = Object.entries(recipe.env?.(place) ?? {}).map(([name, value]) => `${name}=${value}`);
  const Cmd = recipe.command?.(place);
  return {
    Image: recipe.image,
    Env: env,
    ...(Cmd === undefined ? {} : { Cmd }),
    ExposedPorts: { [port]: {} },
    HostConfig: { PortBindings: { [port]: [{ HostIp: '127.0.0.1', HostPort: String(place.ports[0]) }] } },
    Labels: { [OWNER]: `${process.pid}.${(await processStart(process.pid)) ?? ''}` },
  };
}

/** Containers outlive a process that is killed; the next one clears them away. */
async function removeForsaken({ container }: ContainerRuntimeClient): Promise<void> {
  const all = await container.dockerode.listContainers({ all: true, filters: { label: [OWNER] } });
  for (const { Id, Labels } of all) {
    const [pid, start = ''] = (Labels[OWNER] ?? '').split('.');
    if (!(await isRunning(Number(pid), start))) await container.getById(Id).remove({ force: true, v: true });
  }
}

interface Parts {
  engine: ContainerRuntimeClient;
  kind: ServerKind;
  container: Container;
  /** The folder with the server's port and password. */
  home: string;
}

class ContainerServer implements RunningServer {
  readonly #parts: Parts;
  #pid = 0;

  constructor(
    parts: Parts,
    readonly url: string,
  ) {
    this.#parts = parts;
  }

  get pid(): number {
    return this.#pid;
  }

  async isRunning(): Promise<boolean> {
    return (await this.#parts.container.inspect()).State.Running;
  }

  async restart(): Promise<void> {
    const { container, kind } = this.#parts;
    await this.stop();
    await container.start();
    this.#pid = (await container.inspect()).State.Pid;
    const watch = new AbortController();
    try {
      await untilReady({ kind, url: this.url, ended: this.#ended(watch.signal), tail: () => this.#tail() });
    } finally {
      watch.abort();
    }
  }

  async stop(): Promise<void> {
    if (!(await this.isRunning())) return;
    await this.thaw();
    await this.#parts.container.stop({ t: STOP_SECONDS });
  }

  async kill9(): Promise<void> {
    if (await this.isRunning()) await this.#parts.container.kill({ signal: 'SIGKILL' });
    await this.#parts.container.wait();
  }

  async freeze(): Promise<void> {
    await this.#parts.container.pause();
  }

  async thaw(): Promise<void> {
    if ((await this.#parts.container.inspect()).State.Paused) await this.#parts.container.unpause();
  }

  async remove(): Promise<void> {
    await this.#parts.container.remove({ force: true, v: true });
    await abandonPlace(this.#parts.home);
  }

  /** Resolves when it has ended; never once nobody waits any more. */
  async #ended(waiting: AbortSignal): Promise<string> {
    while (waiting.aborted || (await this.isRunning())) {
      if (waiting.aborted) return new Promise(() => undefined);
      await delay(LOOK_MS);
    }
    return `exit code ${(await this.#parts.container.inspect()).State.ExitCode}`;
  }

  async #tail(): Promise<string> {
    const log = await this.#parts.container.logs({ stdout: true, stderr: true, tail: TAIL_LINES });
    return `The end of its log: ${log.toString('utf8').trim()}`;
  }
}
