/** A Docker engine for the tests of images and compose.yaml: the machine's, or one of our own. */
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { claimFolder } from '@roofshot/storage/owner-lock';
import { libraryPath, unpackPackages } from '@roofshot/testing/debian';
import { eventually } from '@roofshot/testing/eventually';
import { cached } from '@roofshot/testing/server-cache';
import { findProgram } from '@roofshot/testing/run-command';
import { NotToBeHad, type Command } from '@roofshot/testing/server-kind';
import { ServerProcess, tailOf } from '@roofshot/testing/server-process';
import { unpackOfSuite } from './debian-suite.ts';
import { docker, dockerAnswers } from './docker.ts';

export interface Engine {
  /** What leads the docker command to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends what was started. */
  close(): Promise<void>;
}

/** Not among the machine's temporary files, which may lie in memory: images are some gigabytes. */
const ROOM = '/var/tmp/roofshot-docker';
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

/**
 * In a folder of its own, which goes with it. It has no default network, opens no door but a socket, and touches no firewall. Its processes
 * and mounts are in namespaces of their own: however it ends, the kernel ends its containers, too.
 */
async function startEngine(programs: Programs): Promise<Engine> {
  const { folder, release } = await claimRoom();
  const env = await environmentOf(programs, folder);
  const logFile = join(folder, 'log');
  const daemon = await ServerProcess.start({ command: commandOf(programs, folder, env), folder, logFile, account: undefined });
  Object.assign(process.env, forClients(env));
  const close = async (): Promise<void> => {
    await daemon.kill9();
    await rm(folder, { recursive: true, force: true });
    await release();
  };
  const ended = daemon.ended.then((how) => Promise.reject(new Error(`it ended with ${how}`)));
  ended.catch(() => undefined); // later it may end as it likes
  try {
    await Promise.race([eventually(() => dockerAnswers('version'), { deadlineMs: START_MS }), ended]);
  } catch (error) {
    const reason = `a Docker engine of our own does not start here (${(error as Error).message}). ${await tailOf(logFile)}`;
    await close();
    throw new NotToBeHad(reason, REMEDY, { cause: error });
  }
  return {
    env: forClients(env),
    close: async () => {
      if (daemon.running) await removeEverything();
      else
        process.stderr.write(`The Docker engine of our own ended before its time, with ${await daemon.ended}. ${await tailOf(logFile)}\n`);
      await close();
    },
  };
}

/** One at a time on a machine; what a killed one has left is cleared away. @throws NotToBeHad while another run has it */
async function claimRoom(): Promise<{ readonly folder: string; release(): Promise<void> }> {
  await mkdir(ROOM, { recursive: true });
  const release = await claimFolder(ROOM).catch((error: unknown) => {
    throw new NotToBeHad((error as Error).message, 'wait for the other run to end', { cause: error });
  });
  const folder = join(ROOM, 'engine');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  return { folder, release };
}

function commandOf({ root }: Programs, folder: string, env: Readonly<Record<string, string>>): Command {
  const own = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')];
  const quiet = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];
  const helpers = ['--init-path', join(root, 'usr/bin/docker-init'), '--userland-proxy-path', join(root, 'usr/sbin/docker-proxy')];
  const apart = ['--pid', '--mount', '--fork', '--mount-proc', '--kill-child', '--'];
  const dockerd = [join(root, 'usr/sbin/dockerd'), '--host', env['DOCKER_HOST'] ?? '', ...own, ...quiet, ...helpers];
  return { program: findProgram('unshare') ?? 'unshare', args: [...apart, ...dockerd], env };
}

/** So that no network of a run that was interrupted stays on the machine. */
async function removeEverything(): Promise<void> {
  const containers = (await docker('ps', '--all', '--quiet')).split('\n').filter((id) => id !== '');
  if (containers.length > 0) await docker('rm', '--force', ...containers);
  await docker('network', 'prune', '--force');
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
