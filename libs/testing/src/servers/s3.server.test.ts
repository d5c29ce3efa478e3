import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { withS3 } from './server-lab.ts';
import { testPrefix } from './test-prefix.ts';
import { testServer } from './test-server.ts';

const Bucket = `${testPrefix()}bucket`;
let url = '';
beforeAll(async () => {
  url = await testServer('s3');
  await withS3(url, (s3) => s3.send(new CreateBucketCommand({ Bucket })));
}, 600_000);

const put = (s3: S3Client, Key: string, Body: string | Buffer) => s3.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: '*' }));
const statusOf = (error: unknown) => (error as { $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode;

// What code that speaks to it may rely on in tests.
describe('the S3 server', () => {
  it('refuses to write an object that is there, also when ten write it at the same moment', async () => {
    await withS3(url, async (s3) => {
      const texts = Array.from({ length: 10 }, (_, index) => `writer ${index}`);
      const outcomes = await Promise.all(texts.map((text) => put(s3, 'race', text).then(() => text, statusOf)));
      const winners = outcomes.filter((outcome) => typeof outcome === 'string');
      expect(winners).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 412)).toHaveLength(9);
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'race' }));
      expect(await Body?.transformToString()).toBe(winners[0]);
    });
  });

  it('gives back megabytes unchanged, in whole and in part, and says how large they are', async () => {
    const bytes = Buffer.alloc(9 * 1024 * 1024, 'roofshot');
    await withS3(url, async (s3) => {
      await put(s3, 'a folder/large', bytes);
      const whole = await s3.send(new GetObjectCommand({ Bucket, Key: 'a folder/large' }));
      expect(Buffer.compare(Buffer.from((await whole.Body?.transformToByteArray()) ?? []), bytes)).toBe(0);
      const part = await s3.send(new GetObjectCommand({ Bucket, Key: 'a folder/large', Range: 'bytes=8-15' }));
      expect(await part.Body?.transformToString()).toBe('roofshot');
      expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'a folder/large' }))).ContentLength).toBe(bytes.length);
    });
  });

  it('lists by prefix, page after page', async () => {
    await withS3(url, async (s3) => {
      for (const name of ['list/a', 'list/b', 'list/c', 'other']) await put(s3, name, name);
      const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', MaxKeys: 2 }));
      const second = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'list/', ContinuationToken: first.NextContinuationToken }));
      expect([first, second].flatMap(({ Contents = [] }) => Contents.map(({ Key }) => Key))).toEqual(['list/a', 'list/b', 'list/c']);
    });
  });

  it('tells an object and a bucket that are not there, and forgets what is deleted', async () => {
    await withS3(url, async (s3) => {
      await put(s3, 'short-lived', 'soon gone');
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'short-lived' }));
      await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'short-lived' }))).rejects.toMatchObject({ name: 'NoSuchKey' });
      const elsewhere = { Bucket: `${testPrefix()}nowhere`, Key: 'x' };
      await expect(s3.send(new GetObjectCommand(elsewhere))).rejects.toMatchObject({ name: 'NoSuchBucket' });
    });
  });

  it('refuses a wrong secret', async () => {
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await withS3(wrong.href, async (s3) => {
      await expect(put(s3, 'x', 'x')).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    });
  });
});
