// Keeps the servers that tests share: `node --import register.mjs keeper.ts FOLDER`. Starts what is wanted, ends what nobody has used
// for a while, and ends itself when nothing is left to keep.
import { readdir, rm } from 'node:fs/promises';
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

const release = await claimFolder(folder);
const servers = SERVER_NAMES.map((name) => new KeptServer(folder, name, IDLE_MS));
for (const server of servers) await server.clear(); // what a keeper that was killed has left
await announceKeeper(folder);

let ending = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => (ending = true));
for (let quietSince = Date.now(); !ending && Date.now() - quietSince < IDLE_MS; await delay(LOOK_MS)) {
  const busy = await Promise.all(servers.map((server) => server.look()));
  if (busy.includes(true)) quietSince = Date.now();
}
await Promise.all(servers.map((server) => server.end()));
for (const name of await readdir(folder)) {
  if (!name.endsWith('.users') && !name.endsWith('.lock')) await rm(join(folder, name), { recursive: true, force: true });
}
await release();
process.exit();
