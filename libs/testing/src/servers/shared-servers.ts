// The shared servers as those see them who look after a whole run, or a developer's machine.
import { setTimeout as delay } from 'node:timers/promises';
import { loadKind } from './kinds.ts';
import { dataOf } from './place.ts';
import { exists } from './server-cache.ts';
import { SERVER_NAMES, type ServerName } from './server-kind.ts';
import {
  HELD,
  allSharedFolders,
  endLease,
  findKeeper,
  isUsed,
  makeSharedFolder,
  readState,
  serverFolder,
  sharedFolder,
  takeLease,
  usersOf,
} from './shared-folder.ts';
import { sharedServer } from './test-server.ts';

const LOOK_MS = 100;
/** Six servers end side by side; the slowest may take its time to write things down. */
const END_MS = 60_000;

/** Starts a server that stays, also when no process uses it, until `letServersGo`. @returns its URL */
export async function holdServer(name: ServerName): Promise<string> {
  const named = process.env[(await loadKind(name)).variable];
  if (named) return named;
  await makeSharedFolder(sharedFolder());
  await takeLease(sharedFolder(), name, HELD);
  return sharedServer(name);
}

/** What became of a server that was let go. */
export interface LetGo {
  readonly name: ServerName;
  /** The processes that still use it: with the last of them it ends. None: it has ended, and its data are deleted. */
  readonly users: readonly number[];
}

/** Ends the servers that were held, those of other versions of the sources, too. Those in use by tests stay for as long as they are. */
export async function letServersGo(): Promise<LetGo[]> {
  const running = (await listServers()).filter(({ state }) => state !== 'failed');
  for (const folder of await allSharedFolders()) {
    for (const name of SERVER_NAMES) await endLease(folder, name, HELD);
    await hurry(folder);
  }
  return Promise.all(
    running.map(async ({ name, folder }) => ({ name, users: (await usersOf(folder, name)).filter((user) => user !== HELD) })),
  );
}

/** Ends the shared servers that no living process uses, now and not after a while. */
export async function endUnusedServers(): Promise<void> {
  await hurry(sharedFolder());
}

/** Waits until the keeper has ended, or has only servers left that somebody uses. */
async function hurry(folder: string): Promise<void> {
  const keeper = await findKeeper(folder);
  if (keeper === undefined) return;
  process.kill(keeper, 'SIGTERM');
  const end = Date.now() + END_MS;
  while ((await findKeeper(folder)) === keeper && !(await onlyUsedAreLeft(folder))) {
    if (Date.now() > end) throw new Error(`The test servers in ${folder} do not end. Their keeper is process ${keeper}: kill ${keeper}`);
    await delay(LOOK_MS);
  }
}

async function onlyUsedAreLeft(folder: string): Promise<boolean> {
  const used = await Promise.all(SERVER_NAMES.map((name) => isUsed(folder, name)));
  const left = await Promise.all(SERVER_NAMES.map((name) => exists(dataOf(serverFolder(folder, name)))));
  return used.includes(true) && left.every((isLeft, index) => !isLeft || used[index] === true);
}

export interface ServerReport {
  name: ServerName;
  folder: string;
  state: 'runs' | 'starts' | 'failed';
  /** Its URL, or why it failed. */
  detail: string;
}

/** The shared servers that run or are about to, of all versions of the sources. */
export async function listServers(): Promise<ServerReport[]> {
  const folders = await allSharedFolders();
  const kept = await Promise.all(folders.map(async (folder) => ((await findKeeper(folder)) === undefined ? [] : [folder])));
  const asked = kept.flat().flatMap((folder) => SERVER_NAMES.map((name) => report(folder, name)));
  return (await Promise.all(asked)).filter((found) => found !== undefined);
}

async function report(folder: string, name: ServerName): Promise<ServerReport | undefined> {
  const state = await readState(folder, name);
  if (state === undefined) return (await isUsed(folder, name)) ? { name, folder, state: 'starts', detail: '' } : undefined;
  return 'url' in state ? { name, folder, state: 'runs', detail: state.url } : { name, folder, state: 'failed', detail: state.error };
}
