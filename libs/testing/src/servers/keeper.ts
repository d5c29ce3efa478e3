// Keeps the servers that tests share: `node --import register.mjs keeper.ts FOLDER`. Starts what is wanted, ends what nobody has used
// for a while, and ends itself when nothing is left to keep. SIGTERM: as soon as nobody uses them.
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { claimFolder } from '@roofshot/storage/owner-lock';
import { KeptServer } from './kept-server.ts';
import { SERVER_NAMES } from './server-kind.ts';
import { announceKeeper } from './shared-folder.ts';

const LOOK_MS = 200;
/** Longer than the pause between two packages' tests. */
const IDLE_MS = Number(process.env.TEST_SERVERS_IDLE_MS ?? 45_000);

const folder = process.argv[2];
if (folder === undefined) throw new Error('Name the folder of the shared test servers: keeper.ts FOLDER');

let idleMs = IDLE_MS;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => (idleMs = 0));

/** Until there has been nothing to stay for as long as that. */
async function keep(servers: readonly KeptServer[]): Promise<void> {
  for (let neededAt = Date.now(); ; await delay(LOOK_MS)) {
    const needed = await Promise.all(servers.map((server) => server.look(idleMs)));
    if (needed.includes(true)) neededAt = Date.now();
    else if (Date.now() - neededAt >= idleMs) return;
  }
}

async function removeEmpty(path: string): Promise<void> {
  await rmdir(path).catch(() => undefined); // somebody has come meanwhile
}

const release = await claimFolder(folder);
const servers = SERVER_NAMES.map((name) => new KeptServer(folder, name));
for (const server of servers) await server.clear(); // what a keeper that was killed has left
await announceKeeper(folder);
await keep(servers);
// Those who come now leave their wish there and start the next keeper, so their leases stay, and this keeper's claim until the end.
for (const name of await readdir(folder)) {
  if (!name.endsWith('.users') && !name.endsWith('.lock')) await rm(join(folder, name), { recursive: true, force: true });
}
await release();
for (const name of await readdir(folder)) await removeEmpty(join(folder, name));
await removeEmpty(folder);
process.exit();
