import type { OnlineStore } from './online-store.ts';

export interface OpenOnlineStoreOptions {
  /** Connections kept at most; default 10. */
  poolSize?: number;
  /** Whoever opens it never writes: the right to is not asked for. */
  readsOnly?: boolean;
  /** It lies in the services' database, which tells itself when it is away. */
  sharesDatabase?: boolean;
  /** Hears when it cannot be used, with the reason, and with undefined when it can be used again. */
  onTrouble?: (trouble: string | undefined) => void;
}

/** Opens the online store that `url` names: `redis://…`, `postgres://…` (or `embedded:DIR`, the database that is started in a folder). */
export async function openOnlineStore(url: string, options: OpenOnlineStoreOptions = {}): Promise<OnlineStore> {
  const scheme = url.slice(0, url.indexOf(':'));
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
    case 'embedded': {
      const [{ openSql }, { PostgresOnlineStore }] = await Promise.all([import('./open-sql.ts'), import('./postgres-online-store.ts')]);
      const sql = await openSql(url, {
        ...(options.poolSize !== undefined && { poolSize: options.poolSize }),
        applicationName: 'roofshot online store',
      });
      const { sharesDatabase = false, onTrouble } = options;
      return PostgresOnlineStore.open(sql, { watched: sharesDatabase ? undefined : { onTrouble } }).catch(async (error: unknown) => {
        await sql.close();
        throw error;
      });
    }
    case 'redis':
    case 'rediss': {
      const { RedisOnlineStore } = await import('./redis-online-store.ts');
      return RedisOnlineStore.open(url, options);
    }
    default:
      throw new Error(
        `No online store can be opened with the scheme "${scheme}". Use redis://host:port, postgres://user:password@host:port/database or embedded:DIR.`,
      );
  }
}
