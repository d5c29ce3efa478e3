import type { EmbeddedSqlOptions } from './open-embedded-sql.ts';
import type { Sql } from './sql.ts';

/**
 * Opens the database that `url` names: `postgres://user:password@host:port/database`, or `embedded:DIR`, which starts
 * a PostgreSQL of its own in that folder and ends it with `close()`. A server that runs already has no use for `log`.
 */
export async function openSql(url: string, options: EmbeddedSqlOptions = {}): Promise<Sql> {
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
