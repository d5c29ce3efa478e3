import { resolve } from 'node:path';
import { connectSql } from './connect-sql.ts';
import type { ConnectSqlOptions } from './connect-sql.ts';
import { embeddedPostgres } from './embedded/embedded-postgres.ts';
import type { EmbeddedPostgres } from './embedded/embedded-postgres.ts';
import type { Sql } from './sql.ts';

export interface EmbeddedSqlOptions extends ConnectSqlOptions {
  /** Hears one line when PostgreSQL had to be started again. */
  log?: (line: string) => void;
}

interface Shared {
  server: Promise<EmbeddedPostgres>;
  users: number;
}

/** The servers that this process owns: opening the same folder twice shares one, and the last to close ends it. */
const running = new Map<string, Shared>();

/** Starts the PostgreSQL in `folder`, unless this process already has, and connects to it. */
export async function openEmbeddedSql(folder: string, options: EmbeddedSqlOptions): Promise<Sql> {
  const path = resolve(folder);
  const shared = running.get(path) ?? { server: embeddedPostgres(path, options.log === undefined ? {} : { log: options.log }), users: 0 };
  running.set(path, shared);
  shared.users += 1;
  const leave = () => leaveServer(path, shared);
  try {
    const server = await shared.server;
    return await connectSql(server.url, options, { onClose: leave, whyAway: () => server.fault });
  } catch (error) {
    await leave();
    throw error;
  }
}

async function leaveServer(path: string, shared: Shared): Promise<void> {
  shared.users -= 1;
  if (shared.users > 0) return;
  running.delete(path);
  const server = await shared.server.catch(() => undefined); // it never started, and who opened it was told
  await server?.stop();
}
