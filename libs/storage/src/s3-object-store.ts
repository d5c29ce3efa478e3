import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { explainFault } from './folder-faults.ts';
import { FolderObjectStore } from './folder-object-store.ts';
import { ObjectDamaged, ObjectMissing, hashOf, type ObjectRef, type ObjectStore } from './object-store.ts';
import { lostServer } from './sql-errors.ts';

/** Where an object store is, as OBJECTS_URL says it. */
interface S3Address {
  readonly bucket: string;
  /** Before every key; empty or ending in a slash. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Of objects that were fetched. */
  readonly cache: string;
}

const FORM = 's3://[key:secret@]bucket[/prefix][?endpoint=https://host:port&region=us-east-1&cache=DIR]';
const PARAMETERS = ['endpoint', 'region', 'cache'];
const ATTEMPTS = 4;

/** Objects in an S3-compatible store as `<prefix>sha256/<64 hex digits>`. What is fetched is kept in a folder of this machine. Promises: see ObjectStore. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #address: S3Address;
  readonly #cache: FolderObjectStore;

  private constructor(client: S3Client, address: S3Address, cache: FolderObjectStore) {
    this.#client = client;
    this.#address = address;
    this.#cache = cache;
  }

  /** Throws a sentence when the URL cannot be read, or the bucket cannot be used. */
  static async open(url: string): Promise<S3ObjectStore> {
    const address = parseS3Url(url);
    const client = new S3Client(configOf(address));
    try {
      await client.send(new HeadBucketCommand({ Bucket: address.bucket }));
      return new S3ObjectStore(client, address, await FolderObjectStore.open(address.cache));
    } catch (error) {
      client.destroy();
      throw unusable(address, error);
    }
  }

  async putFile(path: string): Promise<ObjectRef> {
    await access(path, constants.R_OK).catch((error: unknown) => {
      throw new Error(`The file ${path} cannot be stored: it is missing or may not be read.`, { cause: error });
    });
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return this.#put(hash.digest('hex'), createReadStream(path), (await stat(path)).size);
  }

  putBytes(content: Uint8Array): Promise<ObjectRef> {
    return this.#put(createHash('sha256').update(content).digest('hex'), content, content.length);
  }

  async fetch(key: string): Promise<string> {
    hashOf(key);
    if (await this.#isCached(key)) return this.#cache.fetch(key);
    const temporary = join(this.#address.cache, 'unfinished', randomUUID());
    await this.#download(key, temporary);
    await this.#cache.putFile(temporary);
    await rm(temporary, { force: true });
    return this.#cache.fetch(key);
  }

  async fetchToFile(key: string, destination: string): Promise<void> {
    const temporary = `${destination}.${randomUUID()}`;
    await this.#download(key, temporary);
    await rename(temporary, destination);
  }

  async read(key: string): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await this.#reading(key)) chunks.push(chunk as Uint8Array);
    const content = Buffer.concat(chunks);
    this.#verify(key, createHash('sha256').update(content).digest('hex'));
    return content;
  }

  async has(key: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand(this.#placeOf(key)));
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw asAway(this.#address, error);
    }
  }

  close(): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }

  /** Storing the same content over itself changes nothing for readers, and repairs it where it was damaged. The store checks the hash before it takes anything. */
  async #put(hash: string, content: Uint8Array | Readable, bytes: number): Promise<ObjectRef> {
    const key = `sha256/${hash}`;
    const ChecksumSHA256 = Buffer.from(hash, 'hex').toString('base64');
    try {
      await this.#client.send(new PutObjectCommand({ ...this.#placeOf(key), Body: content, ContentLength: bytes, ChecksumSHA256 }));
    } catch (error) {
      throw asAway(this.#address, error);
    }
    return { key, bytes };
  }

  async #isCached(key: string): Promise<boolean> {
    if (!(await this.#cache.has(key))) return false;
    try {
      await this.#cache.fetch(key);
      return this.has(key); // an object that the store lost or never had is missing, also here
    } catch (error) {
      if (error instanceof ObjectDamaged) return false; // fetched again
      throw error;
    }
  }

  /** Whole and checked, or not there. */
  async #download(key: string, path: string): Promise<void> {
    const hash = createHash('sha256');
    try {
      const content = await this.#reading(key);
      content.on('data', (chunk: Uint8Array) => hash.update(chunk));
      await pipeline(content, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
      this.#verify(key, hash.digest('hex'));
    } catch (error) {
      await rm(path, { force: true });
      throw explainFault(error, dirname(path));
    }
  }

  async #reading(key: string): Promise<Readable> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#placeOf(key)));
      return Body as Readable;
    } catch (error) {
      throw statusOf(error) === 404 ? new ObjectMissing(key, describe(this.#address)) : asAway(this.#address, error);
    }
  }

  #verify(key: string, found: string): void {
    if (found !== hashOf(key)) throw new ObjectDamaged(key, describe(this.#address), found);
  }

  #placeOf(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#address.bucket, Key: `${this.#address.prefix}sha256/${hashOf(key)}` };
  }
}

function parseS3Url(url: string): S3Address {
  const [, credentials, bucket = '', path = '', query = ''] = /^s3:\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const [accessKeyId = '', secretAccessKey = ''] = (credentials ?? '').split(':').map(decodeURIComponent);
  const endpoint = parameters.get('endpoint') ?? undefined;
  const faults = [
    ...(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) ? [] : [`"${bucket}" is no name of a bucket`]),
    ...(credentials !== undefined && (accessKeyId === '' || secretAccessKey === '') ? ['key and secret must both be given'] : []),
    ...(endpoint === undefined || /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')
      ? []
      : [`the endpoint "${endpoint}" is no http address`]),
    ...[...parameters.keys()].filter((key) => !PARAMETERS.includes(key)).map((key) => `there is no parameter "${key}"`),
  ];
  if (faults.length > 0) throw new Error(`OBJECTS_URL cannot be read: ${faults.join('; ')}. Its form is ${FORM}.`);
  return {
    bucket,
    prefix: path === '' ? '' : `${path.replace(/\/+$/, '')}/`,
    endpoint,
    region: parameters.get('region') ?? 'us-east-1',
    credentials: credentials === undefined ? undefined : { accessKeyId, secretAccessKey },
    cache: parameters.get('cache') ?? join(tmpdir(), `roofshot-objects-${process.geteuid?.() ?? 0}`),
  };
}

/** Without a key and a secret, the SDK's own ways of finding them. A store that is not Amazon's has its buckets in paths. */
function configOf({ endpoint, region, credentials }: S3Address): S3ClientConfig {
  return {
    region,
    maxAttempts: ATTEMPTS,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
  };
}

const describe = ({ bucket, prefix, endpoint }: S3Address): string =>
  `s3://${bucket}/${prefix}${endpoint === undefined ? '' : ` at ${endpoint}`}`;

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** No answer, or one of the server's own troubles. */
function asAway(address: S3Address, error: unknown): unknown {
  const status = statusOf(error);
  const isAway =
    status === undefined ? /ECONN|ETIMEDOUT|ENOTFOUND|EPIPE|TimeoutError/.test(`${String(error)} ${codesOf(error)}`) : status >= 500;
  if (!isAway) return error;
  return lostServer(`The object store ${describe(address)}`, String(error), 'unknown', error);
}

function codesOf(error: unknown): string {
  const { code = '', cause, errors = [] } = error as { code?: string; cause?: unknown; errors?: unknown[] };
  return [code, ...[...errors, ...(cause === undefined ? [] : [cause])].map(codesOf)].join(' ');
}

const REASONS: Readonly<Record<number, string>> = {
  301: 'the bucket is in another region',
  403: 'the key may not use it, or the secret is wrong',
  404: 'there is no such bucket',
};

function unusable(address: S3Address, error: unknown): Error {
  const reason = REASONS[statusOf(error) ?? 0] ?? (error instanceof Error && error.message !== '' ? error.message : codesOf(error).trim());
  return new Error(
    `${describe(address)} cannot be used as object store (OBJECTS_URL): ${reason}. Make the bucket, start the store, or correct address, region and credentials.`,
    { cause: asAway(address, error) },
  );
}
