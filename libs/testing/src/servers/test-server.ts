import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FAILURE_HOLDS_MS } from './kept-server.ts';
import { loadKind } from './kinds.ts';
import type { ServerName } from './server-kind.ts';
import { keeperLives, makeSharedFolder, readState, sharedFolder, takeLease, type ServerState } from './shared-folder.ts';

const LOOK_MS = 100;
/** A keeper that is just ending holds the folder for a moment, so the next one is started again and again. */
const KEEPER_MS = 3_000;
/** The first time programs are downloaded, and every start is tried twice. */
const LONGEST_MS = 10 * 60_000;

/**
 * The URL of a real server for this test file: the one that TEST_KAFKA_URL (TEST_RABBITMQ_URL, …) names, or else one that all test
 * processes of this user share. It starts with the first that asks, and ends by itself when nobody has used it for a while. Others use
 * it at the same time: name topics, queues, keys and buckets with `testPrefix()`.
 *
 * kafka://host:port · amqp://user:password@host:port · redis://:password@host:port · postgres://user:password@host:port/database ·
 * http://host:port (Elasticsearch) · s3://key:secret@bucket?endpoint=http://host:port&region=…
 *
 * @throws with what is missing and what to install, where no such server can be had
 */
export async function testServer(name: ServerName): Promise<string> {
  const { variable } = await loadKind(name);
  const named = process.env[variable];
  if (named !== undefined && named !== '') return named;
  return sharedServer(name);
}

/** The URL of the server that all test processes of this user share. */
export async function sharedServer(name: ServerName): Promise<string> {
  const folder = sharedFolder();
  const end = Date.now() + LONGEST_MS;
  for (let keeperAt = 0; Date.now() < end; await delay(LOOK_MS)) {
    await makeSharedFolder(folder);
    const leased = await takeLease(folder, name);
    const state = leased ? await readState(folder, name) : undefined;
    const url = state === undefined ? undefined : urlOf(state);
    if (url !== undefined) return url;
    if (Date.now() - keeperAt > KEEPER_MS && !(await keeperLives(folder))) {
      keeperAt = Date.now();
      await startKeeper(folder);
    }
  }
  throw new Error(`The shared ${name} was not ready within ${LONGEST_MS / 60_000} minutes. Its keeper said: ${await keeperWords(folder)}`);
}

/** An old failure says nothing about now: the keeper tries again. */
function urlOf(state: ServerState): string | undefined {
  if ('url' in state) return state.url;
  if (Date.now() - state.at > FAILURE_HOLDS_MS) return undefined;
  throw new Error(state.error);
}

const keeperLog = (folder: string): string => join(folder, 'keeper.log');

async function keeperWords(folder: string): Promise<string> {
  return (await readFile(keeperLog(folder), 'utf8').catch(() => 'nothing')).trim().slice(-1_000);
}

/** Of several keepers that start at the same moment the first to claim the folder stays, and the others end. */
export async function startKeeper(folder: string): Promise<void> {
  const keeper = fileURLToPath(new URL('./keeper.ts', import.meta.url));
  const register = new URL('../../../../register.mjs', import.meta.url).href;
  const log = await open(keeperLog(folder), 'a', 0o600);
  const child = spawn(process.execPath, ['--import', register, keeper, folder], { detached: true, stdio: ['ignore', log.fd, log.fd] });
  child.unref();
  await once(child, 'spawn');
  await log.close();
}
