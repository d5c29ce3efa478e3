// The browser of the browser tests. npm brings none along, so the machine's is used, or Debian's is installed where that may be done.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const INSTALL_MS = 10 * 60_000;

/** What tests get as CHROMIUM_PATH, or why there is none. */
export type Chromium = { readonly path: string } | { readonly reason: string };

/** The browser that CHROMIUM_PATH names, or the first in the PATH; undefined when there is none. */
export function findChromium(env: NodeJS.ProcessEnv): string | undefined {
  const named = env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') return isExecutable(named) ? named : undefined;
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'].filter((folder) => folder !== '');
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

/** Finds a browser, or installs Debian's where this is Debian and its administrator. */
export function haveChromium(env: NodeJS.ProcessEnv): Chromium {
  const path = findChromium(env);
  if (path !== undefined) return { path };
  if (env['CHROMIUM_PATH']) return { reason: `CHROMIUM_PATH names ${env['CHROMIUM_PATH']}, which cannot be run` };
  if (!existsSync('/etc/debian_version')) return { reason: 'there is no Chromium here; install it, or name one with CHROMIUM_PATH' };
  if (process.geteuid?.() !== 0) return { reason: 'there is no Chromium here; install it with: sudo apt-get install chromium' };
  return installChromium(env);
}

function installChromium(env: NodeJS.ProcessEnv): Chromium {
  console.log('There is no Chromium for the browser tests: installing it (apt-get install chromium, about a minute)');
  const failure = runApt(['update', '-qq'], env) ?? runApt(['install', '-y', '-qq', '--no-install-recommends', 'chromium'], env);
  const path = findChromium(env);
  return path === undefined ? { reason: `Chromium could not be installed (${failure ?? 'its package brought no program'})` } : { path };
}

/** @returns what apt-get said last, when it failed */
function runApt(args: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const options = { encoding: 'utf8', env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: INSTALL_MS } as const;
  const { status, stdout, stderr, error } = spawnSync('apt-get', args, options);
  if (status === 0) return undefined;
  return error?.message ?? `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? 'apt-get failed';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent, or not for this user
  }
}
