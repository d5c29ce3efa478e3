import type { Sql } from './sql.ts';

export interface OpenSqlOptions {
  /** Connections kept at most; default 10. */
  poolSize?: number;
  /** Shown in pg_stat_activity; default roofshot. */
  applicationName?: string;
  /** Embedded only: hears one line when PostgreSQL had to be started again. */
  log?: (line: string) => void;
}

/**
 * Opens the database that `url` names: `postgres://user:password@host:port/database`, or `embedded:DIR`, which starts
 * a PostgreSQL of its own in that folder and ends it with `close()`.
 */
export async function openSql(url: string, options: OpenSqlOptions = {}): Promise<Sql> {
  const scheme = url.slice(0, url.indexOf(':'));
  switch (scheme) {
    case 'postgres':
    case 'postgresql': {
      const { connectSql } = await import('./connect-sql.ts');
      return connectSql(url, options);
    }
    case 'embedded': {
      const { openEmbeddedSql } = await import('./open-embedded-sql.ts');
      return openEmbeddedSql(url.slice('embedded:'.length), options);
    }
    default:
      throw new Error(
        `No database can be opened with the scheme "${scheme}". Use postgres://user:password@host:port/database or embedded:DIR.`,
      );
  }
}
