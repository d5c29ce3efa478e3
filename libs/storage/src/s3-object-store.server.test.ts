import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
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
      message: expect.stringContaining('start the store, or correct address'),
      cause: { name: 'LostConnection' },
    });
    await expect(wrong((address) => address.searchParams.set('acl', 'public'))).rejects.toThrow('no parameter "acl"');
    await expect(openObjectStore('s3://k@B?endpoint=ftp://x')).rejects.toThrow(
      /"B" is no name of a bucket; key and secret must both be given; the endpoint "ftp:\/\/x" is no http address/,
    );
  }, 60_000);
});
