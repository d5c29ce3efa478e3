import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddedPostgres, readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import { eventually } from './eventually.ts';

/** Test databases are thrown away, so a power cut may take them: no waiting for the disk. */
const FAST = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
const ATTEMPT_MS = 20_000;
const ATTEMPTS = 2;

export interface TestPostgres {
  /** The server's URL, to be passed to test processes as TEST_SQL_URL. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts the PostgreSQL of a whole test run in `folder`, owned by the caller. On a folder that had one it knows all of it again, and is
 * at the same address if that is still free.
 */
export async function startTestPostgres(folder: string, settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const server = await embeddedPostgres(folder, { settings: { ...FAST, ...settings } });
  return { url: server.url, stop: () => server.stop() };
}

/** Inside the keeper's own folder, so that the keeper can remove it while it still holds its claim. */
export const serverFolder = (folder: string): string => join(folder, 'server');
const keeperLog = (folder: string): string => join(folder, 'keeper.log');

/**
 * The URL of the PostgreSQL that the test processes of this user share. A process of its own keeps it while it is in use.
 * Several may start a keeper at the same moment: the folder has one owner, the other keepers end, and all wait for the same server.
 */
export async function sharedTestPostgres(): Promise<string> {
  const folder = join(tmpdir(), `roofshot-test-postgres-${process.geteuid?.() ?? 0}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 1; ; attempt += 1) {
    const running = await connectableUrl(folder).catch(() => undefined); // not yet, or just ending
    if (running !== undefined) return running;
    await startKeeper(folder);
    try {
      return await eventually(() => connectableUrl(folder), { deadlineMs: ATTEMPT_MS, describe: 'the shared test PostgreSQL' });
    } catch (error) {
      if (attempt < ATTEMPTS) continue;
      const said = await readFile(keeperLog(folder), 'utf8');
      throw new Error(`The shared test PostgreSQL in ${folder} does not start. Its keeper said: ${said.trim().slice(-1_000)}`, {
        cause: error,
      });
    }
  }
}

async function startKeeper(folder: string): Promise<void> {
  const keeper = fileURLToPath(new URL('./postgres-keeper.ts', import.meta.url));
  const register = new URL('../../../register.mjs', import.meta.url).href;
  const log = await open(keeperLog(folder), 'a', 0o600);
  const child = spawn(process.execPath, ['--import', register, keeper, folder], { detached: true, stdio: ['ignore', log.fd, log.fd] });
  child.unref();
  await once(child, 'spawn');
  await log.close();
}

async function connectableUrl(folder: string): Promise<string> {
  const url = await readEmbeddedUrl(serverFolder(folder));
  const sql = await openSql(url, { poolSize: 1 });
  await sql.close();
  return url;
}
