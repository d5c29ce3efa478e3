/** A Docker engine for the tests of images and compose.yaml: the machine's, or one of our own. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { libraryPath, unpackPackages } from '@roofshot/testing/debian';
import { eventually } from '@roofshot/testing/eventually';
import { cached } from '@roofshot/testing/server-cache';
import { NotToBeHad } from '@roofshot/testing/server-kind';
import { ServerProcess, tailOf } from '@roofshot/testing/server-process';
import { unpackOfSuite } from './debian-suite.ts';
import { dockerAnswers } from './docker.ts';

export interface Engine {
  /** What leads the docker command to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends what was started. */
  close(): Promise<void>;
}

/** Beside the machine's temporary files, which may lie in memory: images are some gigabytes. */
const ROOM = '/var/tmp';
const START_MS = 60_000;
const REMEDY = 'start Docker, with its plug-ins buildx and compose, and let this user reach it';

/** The engine that answers here. Where there is none, root on Debian gets one of its own, unpacked and not installed. @throws NotToBeHad */
export async function haveEngine(): Promise<Engine> {
  if (await dockerAnswers('version')) {
    for (const plugin of ['buildx', 'compose']) {
      if (!(await dockerAnswers(plugin, 'version'))) throw new NotToBeHad(`the docker command has no plug-in ${plugin}`, REMEDY);
    }
    return { env: {}, close: () => Promise.resolve() };
  }
  if (!existsSync('/etc/debian_version')) throw new NotToBeHad('no Docker engine answers', REMEDY);
  if (process.geteuid?.() !== 0) throw new NotToBeHad('no Docker engine answers, and only root can start one', REMEDY);
  return startEngine(await obtainPrograms());
}

interface Programs {
  readonly root: string;
  readonly plugins: string;
}

async function obtainPrograms(): Promise<Programs> {
  const root = await cached('docker', async (folder) => {
    await unpackPackages(['docker.io', 'containerd', 'runc', 'iptables', 'debootstrap'], folder);
    // Made by the installation otherwise. The engine leaves the machine's rules alone; it sets those of containers that ask for names.
    await symlink('xtables-legacy-multi', join(folder, 'usr/sbin/iptables'));
  });
  const plugins = await cached('docker-plugins', (folder) => unpackOfSuite(['docker-buildx', 'docker-compose'], folder));
  return { root, plugins };
}

/** In a folder of its own, which goes with it. It has no default network, opens no door but a socket, and touches no firewall. */
async function startEngine({ root, plugins }: Programs): Promise<Engine> {
  const folder = await mkdtemp(join(ROOM, 'roofshot-docker-'));
  const env = await environmentOf({ root, plugins }, folder);
  const options = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')];
  const quiet = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  const helpers = ['--init-path', join(root, 'usr/bin/docker-init'), '--userland-proxy-path', join(root, 'usr/sbin/docker-proxy')];
  const logFile = join(folder, 'log');
  const daemon = await ServerProcess.start({
    command: { program: join(root, 'usr/sbin/dockerd'), args: ['--host', env['DOCKER_HOST'] ?? '', ...options, ...quiet, ...helpers], env },
    folder,
    logFile,
    account: undefined,
  });
  const close = async (): Promise<void> => {
    await daemon.stop('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  Object.assign(process.env, forClients(env));
  const ended = daemon.ended.then((how) => Promise.reject(new Error(`it ended with ${how}`)));
  ended.catch(() => undefined); // later it may end as it likes
  try {
    await Promise.race([eventually(() => dockerAnswers('version'), { deadlineMs: START_MS }), ended]);
    return { env: forClients(env), close };
  } catch (error) {
    const reason = `a Docker engine of our own does not start here (${(error as Error).message}). ${await tailOf(logFile)}`;
    await close();
    throw new NotToBeHad(reason, REMEDY, { cause: error });
  }
}

async function environmentOf({ root, plugins }: Programs, folder: string): Promise<Record<string, string>> {
  const config = join(folder, 'config');
  await mkdir(config);
  await symlink(join(plugins, 'usr/libexec/docker/cli-plugins'), join(config, 'cli-plugins'));
  const { PATH = '' } = process.env;
  const own = ['usr/bin', 'usr/sbin', 'sbin'].map((bin) => join(root, bin));
  return {
    PATH: [PATH, ...own, '/usr/sbin', '/sbin'].join(delimiter),
    DOCKER_HOST: `unix://${join(folder, 'socket')}`,
    DOCKER_CONFIG: config,
    LD_LIBRARY_PATH: await libraryPath(root),
    XTABLES_LIBDIR: join(root, 'usr/lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`, 'xtables'),
  };
}

/** Libraries are for the engine's programs alone. */
function forClients({ PATH = '', DOCKER_HOST = '', DOCKER_CONFIG = '' }: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH, DOCKER_HOST, DOCKER_CONFIG };
}
