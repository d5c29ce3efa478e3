import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '@roofshot/testing/eventually';
import { mountSmallDisk, type SmallDisk } from '@roofshot/testing/small-disk';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { testPrefix } from '@roofshot/testing/test-prefix';
import { testServer } from '@roofshot/testing/test-server';
import { onlineStoreConformance } from './online-store.conformance.ts';
import type { OnlineRow, OnlineStore } from './online-store.ts';
import { openOnlineStore } from './open-online-store.ts';

onlineStoreConformance('Redis', async () => {
  const [server, prefix] = [await testServer('redis'), testPrefix()];
  const admin = new Redis(server);
  return {
    open: () => openOnlineStore(`${server}?prefix=${encodeURIComponent(prefix)}`),
    lose: async () => void (await admin.del(await admin.keys(`${prefix}*`))),
    dispose: () => Promise.resolve(admin.disconnect()),
  };
});

const row: OnlineRow = { view: 'v', entity: 'e', eventTime: 1, knownTime: 1, version: 1, value: '1' };

describe('a Redis that does not answer', () => {
  test('is told, with the reason and the remedy, though nobody asks it anything, until it is back', async () => {
    const folder = await tempDir('redis');
    const server = await startServer('redis', { folder: folder.path });
    const told: unknown[] = [];
    const store = await openOnlineStore(server.url, { readsOnly: true, onTrouble: (trouble) => told.push(trouble) });
    expect(store.waitingFor()).toEqual([]);
    await server.kill9();
    const away = expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED.* Start it/) as string;
    await eventually(() => expect(store.waitingFor()).toEqual([away]), { deadlineMs: 15_000 });
    await server.restart();
    await eventually(() => expect(store.waitingFor()).toEqual([]), { deadlineMs: 15_000 });
    await store.close();
    expect(told).toHaveLength(2);
    await server.remove();
    await folder.remove();
  }, 60_000);

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

  test('and hangs instead is told after a while, at the opening too', async () => {
    const folder = await tempDir('redis');
    const server = await startServer('redis', { folder: folder.path });
    const store = await openOnlineStore(server.url);
    await server.freeze();
    const [get, opening] = await Promise.allSettled([store.get([row]), openOnlineStore(server.url)]);
    expect(store.waitingFor()).toEqual([expect.stringMatching(/^Redis at .* does not answer: /)]);
    await server.thaw();
    expect(get).toMatchObject({ reason: { name: 'LostConnection' } });
    expect(opening).toMatchObject({ reason: { cause: { name: 'LostConnection' } } });
    expect(await store.get([row])).toStrictEqual([undefined]);
    expect(store.waitingFor()).toEqual([]);
    await store.close();
    await server.stop();
    await folder.remove();
  }, 60_000);
});

describe('opening an online store in Redis', () => {
  let folder: TempDir;
  let server: Awaited<ReturnType<typeof startServer>>;
  let admin: Redis;
  beforeAll(async () => {
    folder = await tempDir('redis');
    server = await startServer('redis', { folder: folder.path });
    admin = new Redis(server.url);
  }, 60_000);
  afterAll(async () => {
    admin.disconnect();
    await server.remove();
    await folder.remove();
  });

  /** The URL of a user with these rights; without them, of one with all. */
  async function urlOf(...rights: string[]): Promise<string> {
    await admin.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>pw', '~roofshot:*', ...(rights.length > 0 ? rights : ['+@all']));
    return `redis://limited:pw@${new URL(server.url).host}`;
  }
  const opening = async (url: string, readsOnly = false): Promise<void> => (await openOnlineStore(url, { readsOnly })).close();

  test('tells what is wrong and what to do', async () => {
    const { host } = new URL(server.url);
    await expect(opening('redis://127.0.0.1:9')).rejects.toMatchObject({
      message: expect.stringMatching(
        /^Redis at 127.0.0.1:9 cannot be used as online store \(ONLINE_URL\): .*Start it, or correct the address/,
      ),
      cause: { name: 'LostConnection' },
    });
    for (const wrong of [`redis://:wrong@${host}`, `redis://${host}`])
      await expect(opening(wrong)).rejects.toThrow(`Redis at ${host} lets nobody in as ONLINE_URL says`);
    await expect(opening(`${server.url}/99`)).rejects.toThrow('DB index is out of range. Correct the number of the database');
    await expect(opening(`${server.url}/first`)).rejects.toThrow('the database "first" is no number');
  }, 60_000);

  test.each([['-info'], ['-mget'], ['-eval', '-evalsha'], ['-get'], ['-set']])(
    'tells a user without the right %s which ones are needed',
    async (...missing) => {
      await expect(opening(await urlOf('+@all', ...missing))).rejects.toMatchObject({
        name: 'ServerRefusal',
        message: expect.stringContaining('ACL SETUSER <user> ~<prefix>* +info +select +mget +eval +evalsha +get +set'),
      });
    },
  );

  test('needs no more than it says, less to read only, and a right to its keys', async () => {
    await opening(await urlOf('+info', '+select', '+mget', '+eval', '+evalsha', '+get', '+set'));
    await opening(await urlOf('+info', '+select', '+mget'), true);
    await expect(opening(`${await urlOf()}?prefix=others:`)).rejects.toThrow(/no permissions to access one of the keys.*~<prefix>\*/);
  });

  test('refuses a Redis that drops keys, and one that is a replica', async () => {
    await admin.config('SET', 'maxmemory', '50mb', 'maxmemory-policy', 'allkeys-lru');
    await expect(opening(server.url)).rejects.toThrow('Set maxmemory-policy to noeviction');
    await admin.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    await admin.call('REPLICAOF', '127.0.0.1', '9');
    await expect(opening(server.url)).rejects.toThrow('it is a replica and takes no writes. Name its primary');
    await admin.call('REPLICAOF', 'NO', 'ONE');
  });
});

describe('a Redis that stores nothing more', () => {
  let folder: TempDir;
  let disk: SmallDisk | undefined;
  let server: Awaited<ReturnType<typeof startServer>> | undefined;
  let admin: Redis;
  let store: OnlineStore;
  let turn = 0;
  beforeEach(async () => (folder = await tempDir('redis')));
  afterEach(async () => {
    admin.disconnect();
    await store.close();
    disk?.free();
    await server?.remove();
    disk?.remove();
    [disk, server] = [undefined, undefined];
    await folder.remove();
  });

  async function start(at: string, settings: Readonly<Record<string, string>> = {}): Promise<string> {
    server = await startServer('redis', { folder: at, settings });
    admin = new Redis(server.url);
    store = await openOnlineStore(server.url);
    return server.url;
  }
  const newRows = (): OnlineRow[] => {
    turn += 1;
    return Array.from({ length: 100 }, (_, n) => ({ ...row, entity: `e${n}`, eventTime: turn, value: 'x'.repeat(50_000) }));
  };
  const kept = { ...row, entity: 'kept' };

  /** Writes until it is refused; then it is read from and can be opened all the same. */
  async function expectRefusals(url: string, expected: object): Promise<void> {
    await eventually(async () => expect(await store.put(newRows()).catch((error: unknown) => error)).toMatchObject(expected));
    expect(await store.get([kept])).toEqual([kept]);
    await (await openOnlineStore(url)).close();
  }

  async function expectToGoOn(): Promise<void> {
    await eventually(() => store.put(newRows()), { deadlineMs: 20_000 });
    expect((await store.get(newRows())).map((found) => found?.eventTime)).toEqual(Array.from({ length: 100 }, () => turn - 1));
  }

  test('because its memory is full says so, is read from, and goes on when it has more', async () => {
    const url = await start(folder.path, { maxmemory: '3mb' });
    await store.put([kept]);
    const detail = expect.stringMatching(/^Redis at .* has no memory left: OOM .* Raise its maxmemory, or free some\.$/) as string;
    await expectRefusals(url, { name: 'OutOfRoom', sqlState: '53000', detail });
    expect(store.waitingFor()).toEqual([detail]);
    await admin.config('SET', 'maxmemory', '0');
    await eventually(() => expect(store.waitingFor()).toEqual([]), { deadlineMs: 15_000 });
    await expectToGoOn();
  }, 60_000);

  test('because its disk is full says so, is read from, and goes on when there is room', async () => {
    disk = mountSmallDisk(join(folder.path, 'small disk'), 32);
    if (disk === undefined) return;
    const url = await start(join(disk.path, 'redis'));
    await store.put([kept]);
    disk.fill();
    const detail = expect.stringMatching(
      /^Redis at .* cannot write to its disk: MISCONF .*No space left.* Free some space there\.$/,
    ) as string;
    await expectRefusals(url, { name: 'OutOfRoom', sqlState: '53100', detail });
    disk.free();
    await expectToGoOn();
  }, 60_000);

  test('because it has become a replica says so', async () => {
    await start(folder.path);
    await admin.call('REPLICAOF', '127.0.0.1', '9');
    const detail = expect.stringMatching(/takes no writes: READONLY .* Promote it, or name its primary/) as string;
    await expect(store.put(newRows())).rejects.toMatchObject({ name: 'OutOfRoom', sqlState: '53000', detail });
  }, 60_000);
});
