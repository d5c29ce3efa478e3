import { readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '../error-code.ts';
import { showSign, signShows, type Sign } from './owner-sign.ts';
import { isRunning, processStart, thisPlace } from './process-identity.ts';
import type { Place } from './process-identity.ts';

/** The folder belongs to another living process. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
}

interface Owner extends Omit<Place, 'kernel'> {
  file: string;
  pid: number;
  start: string;
}

/** An owner on another machine is known by its heartbeat only; so is one in another container where folders hold no sockets. */
const HEARTBEAT_MS = 5_000;
const HEARTBEAT_LOST_MS = 60_000;
/** Two that claim at the same moment both withdraw and try again after different times. */
const ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 100;
const FILE = /^owner\.([0-9a-f]{8})\.([0-9a-f]{8})\.(\d+)\.([0-9a-f]*)\.lock$/;

/**
 * Makes this process the only owner of the folder until the returned function is called or the process dies. Every claimant first
 * writes a file of its own and then looks for others, so two can never both find themselves alone; an owner never looks again and
 * so never loses. Throws `FolderInUse` while another owner lives; the files of the dead are removed.
 */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const me = await describeMe(folder);
  const sign = await showSign(signOf(me));
  try {
    await becomeOnly(folder, { ...me, kernel: sign === undefined ? '' : me.kernel });
    return keepAlive(me.file, sign);
  } catch (error) {
    await sign?.remove();
    throw error;
  }
}

type Claimant = Owner & Place;

async function becomeOnly(folder: string, me: Claimant): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await announce(folder, me);
    const others = (await listOwners(folder)).filter(({ file }) => file !== me.file);
    const living = await findLiving(others, me);
    if (living === undefined) {
      await Promise.all(others.flatMap((other) => [other.file, signOf(other)]).map((file) => rm(file, { force: true })));
      return;
    }
    await rm(me.file, { force: true });
    if (attempt === ATTEMPTS) throw await inUse(folder, living, me);
    await delay(Math.random() * LONGEST_PAUSE_MS);
  }
}

const signOf = ({ file }: Owner): string => file.replace(/lock$/, 'sock');

async function describeMe(folder: string): Promise<Claimant> {
  const place = await thisPlace();
  const start = (await processStart(process.pid)) ?? '';
  const file = join(folder, `owner.${place.host}.${place.boot}.${process.pid}.${start}.lock`);
  return { ...place, pid: process.pid, start, file };
}

async function announce(folder: string, me: Claimant): Promise<void> {
  const about = { pid: me.pid, since: new Date().toISOString(), command: process.argv.slice(1).join(' '), kernel: me.kernel };
  try {
    await writeFile(me.file, `${JSON.stringify(about)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new FolderInUse(`This process has already opened the data folder ${folder}. Use the database that it opened first.`);
  }
}

async function listOwners(folder: string): Promise<Owner[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const [, host, boot, pid, start] = FILE.exec(name) ?? [];
    if (host === undefined || boot === undefined || pid === undefined || start === undefined) return [];
    return [{ file: join(folder, name), host, boot, pid: Number(pid), start }];
  });
}

async function findLiving(others: readonly Owner[], me: Claimant): Promise<Owner | undefined> {
  for (const other of others) {
    if (await lives(other, me)) return other;
  }
  return undefined;
}

async function lives(other: Owner, me: Claimant): Promise<boolean> {
  if (other.host === me.host && other.boot === me.boot) return isRunning(other.pid, other.start);
  const { kernel = '' } = await aboutOf(other);
  if (kernel !== '' && kernel === me.kernel) return signShows(signOf(other));
  const touched = await stat(other.file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0, // removed meanwhile
  );
  return Date.now() - touched < HEARTBEAT_LOST_MS;
}

async function inUse(folder: string, owner: Owner, me: Owner): Promise<FolderInUse> {
  const { since = 'a moment ago', command = 'unknown command' } = await aboutOf(owner);
  if (owner.host !== me.host || owner.boot !== me.boot) {
    return new FolderInUse(
      `The data folder ${folder} is in use by process ${owner.pid} of another container or machine (${command}, since ${since}). ` +
        `Stop it there; if it is gone already, try again in ${HEARTBEAT_LOST_MS / 1000} seconds.`,
    );
  }
  return new FolderInUse(
    `The data folder ${folder} is in use by process ${owner.pid} (${command}, since ${since}). Stop that process first (kill ${owner.pid}), or choose another folder.`,
  );
}

interface About {
  since?: string;
  command?: string;
  /** Of the kernel on which its sign of life can be asked for. */
  kernel?: string;
}

async function aboutOf({ file }: Owner): Promise<About> {
  const text = await readFile(file, 'utf8').catch(() => '{}'); // it may end just now
  try {
    return JSON.parse(text) as About;
  } catch {
    return {}; // half written: the file's name already tells the process
  }
}

function keepAlive(file: string, sign: Sign | undefined): () => Promise<void> {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => clearInterval(beat)); // the folder was removed under us: nobody can be misled any more
  }, HEARTBEAT_MS).unref();
  return async () => {
    clearInterval(beat);
    await rm(file, { force: true });
    await sign?.remove();
  };
}
