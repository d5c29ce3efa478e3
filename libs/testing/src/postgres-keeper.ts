// Keeps the PostgreSQL that tests share: `node --import register.mjs postgres-keeper.ts FOLDER`. Ends when nobody has used it for a while.
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { openSql } from '@roofshot/storage/open-sql';
import { claimFolder } from '@roofshot/storage/owner-lock';
import { serverFolder, startTestPostgres } from './shared-postgres.ts';

const IDLE_LOOKS = 20;
const LOOK_MS = 1_000;

const folder = process.argv[2];
if (folder === undefined) throw new Error('Name the folder of the test PostgreSQL: postgres-keeper.ts FOLDER');

// The outer claim covers the removal at the end: the next keeper must not begin while this one still clears away.
const release = await claimFolder(folder);
const server = await startTestPostgres(serverFolder(folder));
const sql = await openSql(server.url, { poolSize: 1, applicationName: 'roofshot test keeper' });
for (let idle = 0; idle < IDLE_LOOKS; await delay(LOOK_MS)) {
  const [row] = await sql.query<{ others: number }>(
    `SELECT count(*) AS others FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  idle = row?.others === 0 ? idle + 1 : 0;
}
await sql.close();
await server.stop();
await rm(serverFolder(folder), { recursive: true, force: true });
await release();
