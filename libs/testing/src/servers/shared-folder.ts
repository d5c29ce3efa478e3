// The folder through which test processes and the keeper of the shared servers speak. Every test process says what it uses by a file
// (a lease); the keeper starts what is wanted, says where it is, and ends what nobody uses.
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRunning, processStart } from '@roofshot/storage/process-identity';
import type { ServerName } from './server-kind.ts';

/** What the keeper says about one server. */
export type ServerState = { readonly url: string } | { readonly error: string; readonly at: number };

/** A lease that no process holds: a developer's servers stay until they are let go. */
export const HELD = 'held';
const PREFIX = `roofshot-servers-${process.geteuid?.() ?? 0}-`;

/** This user's folder for the servers that these sources start; other versions of the sources have servers of their own. */
export function sharedFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const hash = createHash('sha256');
  const sources = readdirSync(here).filter((name) => /\.(ts|java)$/.test(name) && !/(\.test|-lab)\.ts$/.test(name));
  for (const name of sources.sort()) hash.update(readFileSync(join(here, name)));
  return join(tmpdir(), PREFIX + hash.digest('hex').slice(0, 8));
}

/** The folders of all versions of these sources, for those who look after the machine. */
export async function allSharedFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX)).map((name) => join(tmpdir(), name));
}

/** Other accounts may pass through to a server's files of their own, and nobody else may write. */
export async function makeSharedFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== (process.geteuid?.() ?? found.uid)) {
    throw new Error(
      `${folder} belongs to another user, so test servers cannot be kept there. Remove it, or set TMPDIR to a folder of your own.`,
    );
  }
}

export const serverFolder = (folder: string, name: ServerName): string => join(folder, name);
const leases = (folder: string, name: ServerName): string => join(folder, `${name}.users`);
const stateFile = (folder: string, name: ServerName): string => join(folder, `${name}.json`);
const keeperFile = (folder: string): string => join(folder, 'keeper.json');

/**
 * Says that this process uses the server, until it ends; with HELD, that it is used until `endLease`.
 * @returns false when a keeper that ends has just cleared the folder away: make it again
 */
export async function takeLease(folder: string, name: ServerName, holder?: typeof HELD): Promise<boolean> {
  const file = holder ?? `${process.pid}.${(await processStart(process.pid)) ?? ''}`;
  try {
    await mkdir(leases(folder, name), { recursive: true });
    await writeFile(join(leases(folder, name), file), '');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export async function endLease(folder: string, name: ServerName, holder: typeof HELD): Promise<void> {
  await rm(join(leases(folder, name), holder), { force: true });
}

/** Who uses the server: process ids, and HELD. Leases of processes that have ended are removed. */
export async function usersOf(folder: string, name: ServerName): Promise<(number | typeof HELD)[]> {
  const users: (number | typeof HELD)[] = [];
  for (const file of await readdir(leases(folder, name)).catch(() => [])) {
    const [pid, start = ''] = file.split('.');
    if (file === HELD) users.push(HELD);
    else if (await isRunning(Number(pid), start)) users.push(Number(pid));
    else await rm(join(leases(folder, name), file), { force: true });
  }
  return users;
}

export async function isUsed(folder: string, name: ServerName): Promise<boolean> {
  return (await usersOf(folder, name)).length > 0;
}

/** Written at once: nobody reads half of it. */
async function writeWhole(file: string, content: unknown): Promise<void> {
  const unfinished = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(unfinished, JSON.stringify(content), { mode: 0o600 });
  await rename(unfinished, file);
}

async function readWhole<T>(file: string): Promise<T | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

export async function writeState(folder: string, name: ServerName, state: ServerState): Promise<void> {
  await writeWhole(stateFile(folder, name), state);
}

export async function clearState(folder: string, name: ServerName): Promise<void> {
  await rm(stateFile(folder, name), { force: true });
}

/** What the living keeper says of the server; undefined while it says nothing, or while there is no keeper. */
export async function readState(folder: string, name: ServerName): Promise<ServerState | undefined> {
  return (await keeperLives(folder)) ? readWhole<ServerState>(stateFile(folder, name)) : undefined;
}

interface Keeper {
  pid: number;
  start: string;
}

/** Says that this process is the keeper. */
export async function announceKeeper(folder: string): Promise<void> {
  await writeWhole(keeperFile(folder), { pid: process.pid, start: (await processStart(process.pid)) ?? '' } satisfies Keeper);
}

export async function findKeeper(folder: string): Promise<number | undefined> {
  const keeper = await readWhole<Keeper>(keeperFile(folder));
  return keeper !== undefined && (await isRunning(keeper.pid, keeper.start)) ? keeper.pid : undefined;
}

export async function keeperLives(folder: string): Promise<boolean> {
  return (await findKeeper(folder)) !== undefined;
}
