import { startServer } from '@roofshot/testing/start-server';
import { tempDir } from '@roofshot/testing/temp-dir';
import { testPrefix } from '@roofshot/testing/test-prefix';
import { testServer } from '@roofshot/testing/test-server';
import { onlineStoreConformance } from './online-store.conformance.ts';
import type { OnlineRow } from './online-store.ts';
import { openOnlineStore } from './open-online-store.ts';

onlineStoreConformance('Redis', async () => {
  const url = `${await testServer('redis')}?prefix=${encodeURIComponent(testPrefix())}`;
  return { open: () => openOnlineStore(url), dispose: () => Promise.resolve() };
});

describe('a Redis that does not answer', () => {
  const row: OnlineRow = { view: 'v', entity: 'e', eventTime: 1, knownTime: 1, version: 1, value: '1' };

  test('is told as such by the calls, which do not wait for long, and is used again when it is back', async () => {
    const folder = await tempDir('redis');
    const server = await startServer('redis', { folder: folder.path });
    const store = await openOnlineStore(server.url);
    await store.put([row]);
    await server.kill9();
    const began = performance.now();
    await expect(store.get([row])).rejects.toMatchObject({ name: 'LostConnection', server: expect.stringContaining('Redis at 127.0.0.1') });
    expect(performance.now() - began).toBeLessThan(10_000);
    await server.restart();
    expect(await store.get([row])).toEqual([row]);
    await store.close();
    await server.stop();
    await folder.remove();
  }, 60_000);

  test('ends the opening with a sentence: absent, a wrong password, one that drops keys', async () => {
    await expect(openOnlineStore('redis://127.0.0.1:9')).rejects.toThrow(
      /Redis at 127.0.0.1:9 cannot be used as online store \(ONLINE_URL\): .*Start it, or correct the address/,
    );
    const wrong = new URL(await testServer('redis'));
    wrong.password = 'wrong';
    await expect(openOnlineStore(wrong.href)).rejects.toThrow('correct the address and the credentials');
    const folder = await tempDir('redis');
    const settings = { maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' };
    const server = await startServer('redis', { folder: folder.path, settings });
    await expect(openOnlineStore(server.url)).rejects.toThrow('Set maxmemory-policy to noeviction');
    await server.stop();
    await folder.remove();
  }, 60_000);
});
