// Programs from Debian's packages: unpacked beside each other into a folder, so that nothing of the system changes and no service starts.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NotToBeHad } from './server-kind.ts';
import { findProgram, runCommand } from './run-command.ts';
import { exists } from './server-cache.ts';

/**
 * Unpacks these packages, and those that they need and this machine lacks, into `folder`. Needs no rights: apt gets lists and a
 * cache of its own.
 */
export async function unpackPackages(packages: readonly string[], folder: string): Promise<void> {
  const remedy = `install ${packages.join(' ')} with the system's package manager`;
  if (findProgram('apt-get') === undefined || findProgram('dpkg') === undefined) {
    throw new NotToBeHad('this system has no apt-get to fetch packages with', remedy);
  }
  const work = join(folder, '.apt');
  try {
    await fetchAndUnpack(packages, work, folder);
  } catch (error) {
    throw new NotToBeHad((error as Error).message, remedy, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchAndUnpack(packages: readonly string[], work: string, folder: string): Promise<void> {
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'packages']) await mkdir(join(work, part), { recursive: true });
  const apt = (args: readonly string[], cwd?: string) => runCommand('apt-get', [...privateApt(work), ...args], cwd);
  await apt(['update', '-qq']);
  const plan = await apt(['install', '--simulate', '--yes', '--no-install-recommends', ...packages]);
  const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name);
  // One that is installed already is fetched all the same: its program may be where this user cannot run it.
  await apt(['download', '-qq', ...new Set([...missing, ...packages])], join(work, 'packages'));
  for (const file of await readdir(join(work, 'packages'))) await runCommand('dpkg', ['-x', join(work, 'packages', file), folder]);
}

function privateApt(work: string): string[] {
  const settings = {
    'Dir::State': join(work, 'state'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(work, 'cache'),
    'APT::Sandbox::User': 'root', // no other account could write here
    'Debug::NoLocking': '1',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Where unpacked programs find their shared libraries. */
export async function libraryPath(folder: string): Promise<string> {
  const triplets = await readdir(join(folder, 'usr', 'lib')).catch(() => []);
  const folders = triplets.filter((name) => name.includes('-linux-gnu')).flatMap((name) => [join('usr/lib', name), join('lib', name)]);
  return folders.map((name) => join(folder, name)).join(':');
}

/** Installs packages that start no service, where this is Debian and its administrator; else does nothing. */
export async function installAsRoot(packages: readonly string[]): Promise<void> {
  if (process.geteuid?.() !== 0 || !(await exists('/etc/debian_version'))) return;
  await runCommand('apt-get', ['update', '-qq']);
  await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}
