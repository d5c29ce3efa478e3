import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { freePorts } from '../free-ports.ts';
import { exists, othersMayEnter } from './server-cache.ts';
import type { Place, ServerKind } from './server-kind.ts';
import { accountFor } from './server-process.ts';

/** What a place keeps from start to start. */
type Lasting = Pick<Place, 'ports' | 'secret'>;

const fileOf = (folder: string): string => join(folder, 'place.json');
/** What a place has besides place.json and logs belongs to the server, under its own account. */
export const dataOf = (folder: string): string => join(folder, 'data');

/** The place in `folder`, as it was the last time, or a new one on free ports. */
export async function openPlace(
  kind: ServerKind,
  folder: string,
  settings: Place['settings'] = {},
): Promise<{ place: Place; isNew: boolean }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const home = await realpath(folder);
  const account = accountFor(kind.refusesRoot);
  if (account !== undefined) await letThrough(home);
  await mkdir(dataOf(home), { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(dataOf(home), account.uid, account.gid);
  const isNew = !(await exists(fileOf(home)));
  if (isNew) await writeFile(fileOf(home), JSON.stringify(await newPlace(kind)), { mode: 0o600 });
  const place = JSON.parse(await readFile(fileOf(home), 'utf8')) as Lasting;
  return { place: { ...place, settings, folder: dataOf(home) }, isNew };
}

async function newPlace(kind: ServerKind): Promise<Lasting> {
  return { ports: await portsFor(kind), secret: randomBytes(12).toString('hex') };
}

/** Another program may still be faster: then the server says so, and is started again on others. */
async function portsFor({ ports }: ServerKind): Promise<Place['ports']> {
  const [first = 0, ...others] = await freePorts(ports);
  return [first, ...others];
}

/** Gives up the ports and everything in the place: for a server that never came up. */
export async function abandonPlace(folder: string): Promise<void> {
  await rm(fileOf(folder), { force: true });
  await rm(dataOf(folder), { recursive: true, force: true });
}

/**
 * The server's account must reach its data. Folders for temporary files are made closed to others: they let through from here on, and
 * stay unreadable.
 */
async function letThrough(home: string): Promise<void> {
  const temporary = `${await realpath(tmpdir())}${sep}`;
  for (let path = home; path.startsWith(temporary); path = dirname(path)) await chmod(path, (await stat(path)).mode | 0o011);
  if (await othersMayEnter(home)) return;
  throw new Error(
    `A server that refuses to run as root cannot reach ${home}: a folder above it is closed to other accounts. Choose one under ${tmpdir()}.`,
  );
}
