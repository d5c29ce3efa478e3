import { testDatabase } from '@roofshot/testing/postgres';
import { openOnlineStore } from './open-online-store.ts';
import { onlineStoreConformance } from './online-store.conformance.ts';

onlineStoreConformance('PostgreSQL', async () => {
  const db = await testDatabase();
  return {
    open: () => openOnlineStore(db.url, { poolSize: 3 }),
    lose: async () => void (await db.sql.query('TRUNCATE online.rows')),
    dispose: () => db.drop(),
  };
});

test('an unknown scheme is refused with what is supported', async () => {
  await expect(openOnlineStore('memcached://localhost')).rejects.toThrow(
    'No online store can be opened with the scheme "memcached". Use redis://host:port, postgres://user:password@host:port/database or embedded:DIR.',
  );
});
