import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const TIMEOUT_MS = 5_000;
const KEY = `ready-${process.pid}`;

/** Makes the URL's bucket unless it is there, writes an object, reads it, and removes it. */
export async function proveS3(url: string): Promise<void> {
  const { hostname: bucket, username, password, searchParams } = new URL(url);
  const client = new S3Client({
    endpoint: searchParams.get('endpoint') ?? '',
    region: searchParams.get('region') ?? 'us-east-1',
    credentials: { accessKeyId: username, secretAccessKey: password },
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS },
  });
  try {
    await makeBucket(client, bucket);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: 'ready' }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: KEY }));
    if ((await Body?.transformToString()) !== 'ready') throw new Error('an object that was written could not be read');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: KEY }));
  } finally {
    client.destroy();
  }
}

async function makeBucket(client: S3Client, bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error: unknown) => {
    if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error;
  });
}
