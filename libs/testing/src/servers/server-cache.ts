import { access, chmod, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FolderInUse, claimFolder } from '@roofshot/storage/owner-lock';
import { runCommand } from './run-command.ts';

const CHECKOUT = fileURLToPath(new URL('../../../../', import.meta.url));
/** Where root keeps programs when the checkout lies in a home that other accounts may not enter. */
const OF_ROOT = '/var/cache/roofshot';
const LOOK_MS = 250;

/** Downloaded programs stay here: `.cache/servers` in the checkout, or `servers` in the folder that ROOFSHOT_CACHE names. */
export async function cacheFolder(): Promise<string> {
  const wanted = join(resolve(process.env.ROOFSHOT_CACHE ?? join(CHECKOUT, '.cache')), 'servers');
  await mkdir(wanted, { recursive: true });
  const folder = await realpath(wanted);
  if (process.geteuid?.() !== 0 || (await othersMayEnter(folder))) return folder;
  const ofRoot = join(OF_ROOT, 'servers');
  await mkdir(ofRoot, { recursive: true });
  for (const path of [OF_ROOT, ofRoot]) await chmod(path, 0o755);
  return ofRoot;
}

/**
 * The folder `name` of the cache, filled by `fill` when it is not there yet. It appears complete or not at all; of several processes
 * that want it one fills it, and the others wait.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const cache = await cacheFolder();
  const target = join(cache, name);
  if (await exists(target)) return target;
  const release = await lock(join(cache, '.locks', name));
  try {
    if (!(await exists(target))) await make(target, join(cache, '.unfinished', name), fill);
  } finally {
    await release();
  }
  return target;
}

async function make(target: string, unfinished: string, fill: (folder: string) => Promise<void>): Promise<void> {
  await rm(unfinished, { recursive: true, force: true }); // of one that was killed
  await mkdir(unfinished, { recursive: true });
  try {
    await fill(unfinished);
    if (process.geteuid?.() === 0) await runCommand('chmod', ['-R', 'a+rX', unfinished]);
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function lock(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    try {
      return await claimFolder(folder);
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      await delay(LOOK_MS);
    }
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** True when every folder down to this one lets other accounts through. */
export async function othersMayEnter(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    if (((await stat(path)).mode & 0o001) === 0) return false;
    if (path === parse(path).root) return true;
  }
}
