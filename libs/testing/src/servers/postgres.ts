import { execFile } from 'node:child_process';
import { chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinaries, type Binaries } from '@roofshot/storage/postgres-binaries';
import { provePostgres } from './prove-postgres.ts';
import { exists } from './server-cache.ts';
import { accountFor } from './server-process.ts';
import type { Launch, Place, ServerKind } from './server-kind.ts';

const USER = 'roofshot';
/** No waiting for the disk: a power cut may take what tests have written, a kill -9 of the server may not. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  fsync: 'off',
  full_page_writes: 'off',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  wal_level: 'minimal',
  max_wal_senders: '0',
  client_connection_check_interval: '5s',
};

/** A PostgreSQL server from the programs that npm brings along. */
export const postgres: ServerKind = {
  name: 'postgres',
  title: 'PostgreSQL',
  variable: 'TEST_SQL_URL',
  ports: 1,
  refusesRoot: true,
  patienceMs: 60_000,
  bundled: true,
  container: {
    image: 'postgres:18',
    port: 5432,
    env: ({ secret }) => ({ POSTGRES_USER: USER, POSTGRES_PASSWORD: secret, POSTGRES_DB: 'postgres' }),
    command: () => ['postgres', '-c', 'fsync=off', '-c', 'max_connections=200'],
  },
  obtain: async () => {
    const binaries = await findBinaries(accountFor(true));
    return (place) => launch(place, binaries);
  },
  url: ({ ports, secret }) => `postgres://${USER}:${secret}@127.0.0.1:${ports[0]}/postgres`,
  prove: provePostgres,
};

async function launch(place: Place, { initdb, postgres }: Binaries): Promise<Launch> {
  const data = join(place.folder, 'pgdata');
  if (!(await exists(data))) await initialise(place, initdb, data);
  await rm(join(data, 'postmaster.pid'), { force: true }); // of one that was killed; this place has one owner at a time
  const settings = Object.entries({ ...SETTINGS, ...place.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // The polite signal would wait for every client to leave.
  return { server: { program: postgres, args: ['-D', data, '-p', String(place.ports[0]), ...settings] }, stopSignal: 'SIGINT' };
}

async function initialise({ folder, secret }: Place, initdb: string, data: string): Promise<void> {
  const account = accountFor(true);
  const [unfinished, password] = [`${data}.unfinished`, join(folder, 'password')];
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(password, `${secret}\n`, { mode: 0o600 });
  if (account !== undefined) for (const path of [unfinished, password]) await chown(path, account.uid, account.gid);
  const args = ['-U', USER, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-instructions', '--no-sync'];
  await promisify(execFile)(initdb, [...args, '-D', unfinished, `--pwfile=${password}`], { cwd: folder, env: {}, ...account });
  await rm(password);
  await rename(unfinished, data);
}
