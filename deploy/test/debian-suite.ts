import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@roofshot/testing/run-command';

/** What images are made of where none can be pulled; the machine itself may be of another suite. */
export const SUITE = 'trixie';
export const MIRROR = 'http://deb.debian.org/debian';
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Unpacks these packages of the suite into `folder`, without what they need: for programs that need nothing. */
export async function unpackOfSuite(packages: readonly string[], folder: string): Promise<void> {
  const work = join(folder, '.apt');
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'packages']) await mkdir(join(work, part), { recursive: true });
  await writeFile(join(work, 'sources.list'), `deb [signed-by=${KEYS}] ${MIRROR} ${SUITE} main\n`);
  await writeFile(join(work, 'status'), '');
  const apt = (args: readonly string[], cwd?: string): Promise<string> => runCommand('apt-get', [...settingsIn(work), ...args], cwd);
  await apt(['update', '-qq']);
  await apt(['download', '-qq', ...packages], join(work, 'packages'));
  for (const file of await readdir(join(work, 'packages'))) await runCommand('dpkg', ['-x', join(work, 'packages', file), folder]);
  await rm(work, { recursive: true });
}

/** Lists and a cache of its own: nothing of the system changes. */
function settingsIn(work: string): string[] {
  const settings = {
    'Dir::State': join(work, 'state'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'APT::Sandbox::User': 'root', // no other account could write here
    'Debug::NoLocking': '1',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}
