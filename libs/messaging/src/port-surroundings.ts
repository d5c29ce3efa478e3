import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { inServicesDatabase, type PortIdentity } from './agreed-ports.ts';

/** What opening a bus or a queue needs beside its URL. */
export interface PortSurroundings {
  /** The services' database, whose transactions `publishIn` and `sendIn` take part in. */
  readonly sql: Sql;
  /** The text from which `sql` was opened: the same text means the same database, and its pool is shared. */
  readonly sqlUrl: string;
  readonly log: Logger;
}

/** What connecting to a log or a queue needs beside its URL. */
export interface ConnectOptions {
  /** It lies in the services' database, whose pool it shares. */
  readonly sharesDatabase: boolean;
  readonly log: Logger;
}

export function connectOptionsOf(url: string, { sql, sqlUrl, log }: PortSurroundings): ConnectOptions {
  return { sharesDatabase: url === sqlUrl || url === sql.url, log };
}

/** A database that holds messages and was named apart from the services' one. */
export function openMessagingDatabase(url: string): Promise<Sql> {
  return openSql(url, { applicationName: 'roofshot messaging' });
}

/** Whether what a transaction of the services' says must go through an outbox: the same database may be named by two spellings. */
export async function isForeign(own: Sql, { sql }: Pick<PortSurroundings, 'sql'>): Promise<boolean> {
  return (await own.identity()) !== (await sql.identity());
}

/** Of the log or queue (`what`) in the database `own`, which may be the services' one by another spelling. */
export async function databaseIdentity(what: string, own: Sql, sql: Sql): Promise<PortIdentity> {
  if (!(await isForeign(own, { sql }))) return inServicesDatabase(what);
  return { mark: `postgres ${await own.identity()}`, name: `${what} in the database ${own.where}` };
}

/** Runs `open`, and closes what it was to take over when it throws. */
export async function handOn<T>(owned: { close(): Promise<void> }, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await owned.close();
    throw error;
  }
}

const BROKERS: Readonly<Record<string, string>> = {
  EVENTS_URL: 'kafka://host:port',
  COMMANDS_URL: 'amqp://user:password@host:port/vhost',
};

/** The scheme of a port's URL names no adapter. */
export function unknownScheme(key: string, url: string): Error {
  const scheme = url.slice(0, Math.max(0, url.indexOf(':')));
  return new Error(
    `${key} has the scheme "${scheme}", for which there is no adapter. Use ${BROKERS[key] ?? 'a broker'}, postgres://user:password@host:port/database, or embedded:DIR for a PostgreSQL of its own.`,
  );
}
