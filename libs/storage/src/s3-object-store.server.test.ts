import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { eventually } from '@roofshot/testing/eventually';
import { mountSmallDisk } from '@roofshot/testing/small-disk';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir } from '@roofshot/testing/temp-dir';
import { testPrefix } from '@roofshot/testing/test-prefix';
import { testServer } from '@roofshot/testing/test-server';
import { objectStoreConformance } from './object-store.conformance.ts';
import { openObjectStore } from './open-object-store.ts';

/** The bucket that all tests share, below a prefix of this file's own; `cache` is a machine's. */
async function placeOf(
  cache: string,
): Promise<{ readonly url: string; readonly bucket: string; readonly prefix: string; readonly client: S3Client }> {
  const server = new URL(await testServer('s3'));
  const prefix = testPrefix();
  const [endpoint = '', region = ''] = ['endpoint', 'region'].map((key) => server.searchParams.get(key) ?? '');
  const credentials = { accessKeyId: decodeURIComponent(server.username), secretAccessKey: decodeURIComponent(server.password) };
  server.pathname = `/${prefix}`;
  server.searchParams.set('cache', cache);
  return { url: server.href, bucket: server.host, prefix, client: new S3Client({ endpoint, region, credentials, forcePathStyle: true }) };
}

objectStoreConformance('S3', async () => {
  const machines = await tempDir('s3-caches');
  let machine = 0;
  const { url, bucket, prefix, client } = await placeOf(machines.path);
  return {
    open: () => openObjectStore(url.replace(encodeURIComponent(machines.path), encodeURIComponent(`${machines.path}/${(machine += 1)}`))),
    damage: async (key) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}`, Body: 'damaged' }));
    },
    dispose: async () => {
      client.destroy();
      await machines.remove();
    },
  };
});

describe('opening an object store in S3', () => {
  test('tells what is wrong and what to do', async () => {
    const { url, client } = await placeOf('/tmp/never-made');
    client.destroy();
    const wrong = (change: (address: URL) => void): Promise<unknown> => {
      const address = new URL(url);
      change(address);
      return openObjectStore(address.href);
    };
    await expect(wrong((address) => (address.host = 'no-such-bucket'))).rejects.toThrow('there is no such bucket');
    await expect(wrong((address) => (address.password = 'wrong'))).rejects.toThrow('the key may not use it, or the secret is wrong');
    await expect(wrong((address) => address.searchParams.set('endpoint', 'http://127.0.0.1:9'))).rejects.toMatchObject({
      message: expect.stringContaining('Start it, or correct the endpoint'),
      cause: { name: 'LostConnection' },
    });
    await expect(wrong((address) => address.searchParams.set('acl', 'public'))).rejects.toThrow('no parameter "acl"');
  }, 60_000);

  test('tells a key that may only read, unless nothing else is wanted', async () => {
    const { url, client } = await placeOf('/tmp/never-made');
    client.destroy();
    const answers = await answering((method) => (method === 'PUT' ? [403, 'AccessDenied'] : [200, '']));
    const readsOnly = { readsOnly: true };
    await expect(openObjectStore(answers.urlOf(url))).rejects.toThrow(/may not use it.* s3:PutObject on the objects/);
    await (await openObjectStore(answers.urlOf(url), readsOnly)).close();
    answers.close();
  }, 60_000);
});

test('an object store in S3 that is away is told, though nobody asks it anything, until it is back', async () => {
  const folder = await tempDir('s3 away');
  const server = await startServer('s3', { folder: join(folder.path, 's3') });
  const store = await openObjectStore(`${server.url}&cache=${encodeURIComponent(join(folder.path, 'cache'))}`, { readsOnly: true });
  expect(store.waitingFor()).toEqual([]);
  await server.kill9();
  const away = expect.stringMatching(/^The object store s3:\/\/.* does not answer: .*ECONNREFUSED.* Start it/) as string;
  await eventually(() => expect(store.waitingFor()).toEqual([away]), { deadlineMs: 20_000 });
  await server.restart();
  await eventually(() => expect(store.waitingFor()).toEqual([]), { deadlineMs: 20_000 });
  await store.close();
  await server.remove();
  await folder.remove();
}, 120_000);

describe('an object store in S3 that stores nothing more', () => {
  const content = Buffer.alloc(1_000_000, 'a');

  test.each([
    [
      507,
      'XMinioStorageFull',
      { sqlState: '53100', detail: expect.stringMatching(/is full: XMinioStorageFull \(507\)\. Free some space there/) },
    ],
    [503, 'SlowDown', { sqlState: '53000', detail: expect.stringMatching(/fails: SlowDown \(503\).*it has too much to do/) }],
  ] as const)(
    'because it answers %i is opened and read from, and says why nothing is stored',
    async (status, code, expected) => {
      const { url, client } = await placeOf('/tmp/never-made');
      client.destroy();
      const answers = await answering((method) => (method === 'PUT' ? [status, code] : [method === 'HEAD' ? 200 : 404, 'NoSuchKey']));
      const store = await openObjectStore(answers.urlOf(url));
      await expect(store.putBytes(content)).rejects.toMatchObject({ name: 'OutOfRoom', ...expected });
      expect(store.waitingFor()).toEqual([expected.detail]);
      await store.close();
      answers.close();
    },
    60_000,
  );

  test('because its disk is full says so, and goes on when there is room', async () => {
    const folder = await tempDir('s3 full');
    const disk = mountSmallDisk(join(folder.path, 'small disk'), 24);
    if (disk === undefined) return folder.remove();
    const server = await startServer('s3', { folder: join(disk.path, 's3') });
    const store = await openObjectStore(`${server.url}&cache=${encodeURIComponent(join(folder.path, 'cache'))}`);
    const before = await store.putBytes(Buffer.from('before'));
    disk.fill();
    await expect(store.putBytes(content)).rejects.toMatchObject({
      name: 'OutOfRoom',
      detail: expect.stringMatching(/^The object store .* fails: .*\(500\).* its disk may be full/),
    });
    expect((await store.read(before.key)).toString()).toBe('before');
    disk.free();
    const { key } = await store.putBytes(content);
    expect((await store.read(key)).equals(content)).toBe(true);
    await store.close();
    await server.remove();
    disk.remove();
    await folder.remove();
  }, 120_000);

  test('because it hangs is not waited for at the opening', async () => {
    const { url, client } = await placeOf('/tmp/never-made');
    client.destroy();
    const answers = await answering(() => undefined);
    await expect(openObjectStore(answers.urlOf(url))).rejects.toMatchObject({
      message: expect.stringContaining('it gave no answer in time. Start it'),
      cause: { name: 'LostConnection' },
    });
    answers.close();
  }, 60_000);
});

/** A store that gives the answers of a test: a status and a code of S3's; none: it says nothing. */
async function answering(
  answerTo: (method: string) => readonly [status: number, code: string] | undefined,
): Promise<{ urlOf(url: string): string; close(): void }> {
  const server = createServer(({ method = '' }, response) => {
    const [status, code] = answerTo(method) ?? [];
    if (status === undefined) return;
    const body = status < 300 || method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
    response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const urlOf = (url: string): string => {
    const address = new URL(url);
    address.searchParams.set('endpoint', `http://127.0.0.1:${port}`);
    return address.href;
  };
  return {
    urlOf,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
