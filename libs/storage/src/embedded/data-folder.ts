import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { syncFolder } from '../sync-folder.ts';
import type { Account } from './account.ts';
import { codeOf, messageOf, textOf } from '../error-code.ts';
import { explainFault } from '../folder-faults.ts';
import type { Binaries } from './postgres-binaries.ts';

export const USER = 'roofshot';
/** PostgreSQL's own files: what a finished initialisation is renamed to. */
export const dataOf = (folder: string): string => join(folder, 'pgdata');
/** The only place that holds the password; readable by the owner alone, and renamed into place together with the data it opens. */
const passwordFile = (data: string): string => join(data, 'roofshot-password');

const MEGABYTE = 1024 * 1024;
/** A new cluster takes 40 MB, and its write-ahead log grows in files of 16 MB. */
const ROOM_FOR_NEW_MB = 256;
const ROOM_FOR_START_MB = 48;
const UNFINISHED = 'init-';

/** How the account names the folder it was started in. It need not be able to enter the folders above (a home of mode 700). */
const HERE = '/proc/self/cwd';

/** PostgreSQL programs get their data folder by path, or, under another account, as the folder they are started in. */
export function dataArgument(data: string, account: Account | undefined): string {
  return account === undefined ? data : HERE;
}

/** Throws unless the folder can hold, or already holds, a cluster of this major version with room to work. */
export async function checkFolder(folder: string, binaries: Binaries): Promise<void> {
  const version = await readVersion(dataOf(folder));
  if (version !== undefined && version !== String(binaries.major)) {
    throw new Error(
      `The data folder ${folder} holds files of PostgreSQL ${version}, and this program brings PostgreSQL ${binaries.major}, which cannot read them. ` +
        `Dump the data with PostgreSQL ${version} and load it into a new folder, or choose another folder.`,
    );
  }
  const lack = await describeLack(folder, version === undefined ? ROOM_FOR_NEW_MB : ROOM_FOR_START_MB);
  if (lack !== undefined) throw new Error(`${lack} Free some space and start again; nothing is lost.`);
}

/** Says how much room is missing for a start; undefined when there is enough. */
export async function describeLack(folder: string, neededMb: number = ROOM_FOR_START_MB): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(folder);
  const room = Math.floor((bavail * bsize) / MEGABYTE);
  if (room >= neededMb) return undefined;
  return `The disk that holds the data folder ${folder} has ${room} MB left and PostgreSQL needs at least ${neededMb} MB to start.`;
}

/** Creates the cluster unless it exists. It is made aside and renamed when complete, so a killed initialisation leaves only waste. */
export async function initialise(folder: string, binaries: Binaries, account: Account | undefined): Promise<void> {
  await removeUnfinished(folder);
  if ((await readVersion(dataOf(folder))) !== undefined) return giveTo(dataOf(folder), account);
  await refuseForeignFiles(dataOf(folder));
  const aside = await mkdtemp(join(folder, UNFINISHED));
  try {
    await createCluster(aside, binaries, account);
    await rename(join(aside, 'data'), dataOf(folder));
    await syncFolder(folder);
  } finally {
    await removeUnfinished(folder);
  }
}

async function createCluster(aside: string, binaries: Binaries, account: Account | undefined): Promise<void> {
  const data = join(aside, 'data');
  const password = join(aside, 'password');
  await mkdir(data, { mode: 0o700 });
  await writeFile(password, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  if (account !== undefined) for (const path of [data, password, aside]) await chown(path, account.uid, account.gid);
  const reach = account === undefined ? aside : `${HERE}/..`; // join() would resolve the dots, which mean the folder above
  const args = ['-U', USER, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-instructions'];
  const where = ['-D', dataArgument(data, account), `--pwfile=${reach}/password`];
  await promisify(execFile)(binaries.initdb, [...args, ...where], { cwd: data, env: {}, ...account }).catch((error: unknown) => {
    throw explainInitFailure(error, data);
  });
  await rename(password, passwordFile(data));
}

/** Faults of the folder are explained by whoever knows the folder's name; the rest is told in initdb's own words. */
function explainInitFailure(error: unknown, data: string): unknown {
  const words = textOf(error, 'stderr')?.trim() ?? '';
  if (explainFault(error, data) !== error) return error;
  if (/could not look up effective user ID/.test(words)) {
    return new Error(
      'PostgreSQL cannot create its files, because the user that runs this process has no entry in /etc/passwd. Add one (containers: a user in the image), or set SQL_URL to a PostgreSQL server.',
      { cause: error },
    );
  }
  return new Error(`PostgreSQL could not create its files: ${words === '' ? messageOf(error) : words}`, { cause: error });
}

/** A `pgdata` that is no cluster is somebody's; it is never removed here. */
async function refuseForeignFiles(data: string): Promise<void> {
  const names = await readdir(data).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0) return;
  throw new Error(
    `${data} holds files (${names.slice(0, 3).join(', ')} …) but is no complete PostgreSQL folder. Restore it from a backup, or move it away to begin anew.`,
  );
}

async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

/** After a restore as root the files belong to root, which PostgreSQL refuses to run as. */
async function giveTo(data: string, account: Account | undefined): Promise<void> {
  if (account === undefined || (await stat(data)).uid === account.uid) return;
  await chown(data, account.uid, account.gid);
  await chmod(data, 0o700);
  for (const entry of await readdir(data, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
}

/** The password of the cluster in `folder`. */
export async function readPassword(folder: string): Promise<string> {
  const path = passwordFile(dataOf(folder));
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'is missing' : 'may not be read by this user';
    throw new Error(`The database's password file ${path} ${reason}. Restore it, or run as the user who started the database.`, {
      cause: error,
    });
  }
}

async function readVersion(data: string): Promise<string | undefined> {
  try {
    return (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
