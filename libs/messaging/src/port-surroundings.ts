import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';

/** What opening a bus or a queue needs beside its URL. */
export interface PortSurroundings {
  /** The services' database, whose transactions `publishIn` and `sendIn` take part in. */
  readonly sql: Sql;
  /** The text from which `sql` was opened: the same text means the same database, and its pool is shared. */
  readonly sqlUrl: string;
  readonly log: Logger;
}

export interface MessagingDatabase {
  readonly sql: Sql;
  /** Not the services' database: what a transaction says must go through an outbox. */
  readonly isForeign: boolean;
  /** Closes what was opened here; nothing when the pool is shared. */
  close(): Promise<void>;
}

/** Finds out whether messages lie in the services' own database; opens another one where they do not. */
export async function openMessagingDatabase(url: string, { sql, sqlUrl }: PortSurroundings): Promise<MessagingDatabase> {
  if (url === sqlUrl || url === sql.url) return { sql, isForeign: false, close: () => Promise.resolve() };
  const own = await openSql(url, { applicationName: 'roofshot messaging' });
  const isForeign = (await own.identity()) !== (await sql.identity());
  return { sql: own, isForeign, close: () => own.close() };
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
