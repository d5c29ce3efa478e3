import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, rename, rm, stat } from 'node:fs/promises';
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
import { asS3Fault, statusOf, unusable } from './s3-faults.ts';
import { describe, parseS3Url, type S3Address } from './s3-url.ts';
import { isOutOfRoom } from './sql-errors.ts';
import { StoreWatch, type StoreWatchOptions, type Way } from './store-watch.ts';

const ATTEMPTS = 4;
const CONNECT_MS = 3_000;
/** A store that sends nothing for so long hangs; a large object may take it some time to put away. */
const SILENCE_MS = 30_000;
/** Of the first answer. */
const FIRST_MS = 10_000;
/** One that nobody asks is looked at so often: every question has its price at some stores. */
const LOOK_MS = 5_000;
const NO_BYTES = new Uint8Array(0);

export interface S3ObjectStoreOptions {
  readonly readsOnly?: boolean | undefined;
  readonly onTrouble?: StoreWatchOptions['onTrouble'];
}

/** Objects in an S3-compatible store as `<prefix>sha256/<64 hex digits>`. What is fetched is kept in a folder of this machine. Promises: see ObjectStore. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #address: S3Address;
  readonly #cache: FolderObjectStore;
  readonly #watch: StoreWatch;

  private constructor(address: S3Address, client: S3Client, cache: FolderObjectStore, onTrouble: S3ObjectStoreOptions['onTrouble']) {
    this.#client = client;
    this.#address = address;
    this.#cache = cache;
    this.#watch = new StoreWatch({ look: (way, signal) => this.#look(way, signal), lookMs: LOOK_MS, onTrouble });
  }

  /** Throws a sentence when the URL cannot be read, the store does not answer, or the key may not do what is needed in the bucket. */
  static async open(url: string, { readsOnly = false, onTrouble }: S3ObjectStoreOptions = {}): Promise<S3ObjectStore> {
    const address = parseS3Url(url);
    const client = new S3Client(configOf(address));
    try {
      const store = new S3ObjectStore(address, client, await FolderObjectStore.open(address.cache), onTrouble);
      await store.#askForBucket();
      await store.#prove(readsOnly);
      store.#watch.start();
      return store;
    } catch (error) {
      client.destroy();
      throw unusable(describe(address), error);
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
      await this.#ask('read', () => this.#client.send(new HeadObjectCommand(this.#placeOf(key))));
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  waitingFor(): readonly string[] {
    return this.#watch.waitingFor();
  }

  async close(): Promise<void> {
    await this.#watch.close();
    this.#client.destroy();
  }

  async #look(way: Way, signal: AbortSignal): Promise<void> {
    if (way === 'write') return void (await this.putBytes(NO_BYTES));
    try {
      await this.#askForBucket(signal);
    } catch (error) {
      const fault = asS3Fault(error, describe(this.#address));
      throw fault === error ? unusable(describe(this.#address), error) : fault;
    }
  }

  async #askForBucket(...signals: readonly AbortSignal[]): Promise<void> {
    const abortSignal = AbortSignal.any([AbortSignal.timeout(FIRST_MS), ...signals]);
    await this.#client.send(new HeadBucketCommand({ Bucket: this.#address.bucket }), { abortSignal });
  }

  /** Does once what the store does, so that a missing right is told now: an object of no bytes does no harm. A full store may be read from. */
  async #prove(readsOnly: boolean): Promise<void> {
    await this.has(`sha256/${createHash('sha256').update(NO_BYTES).digest('hex')}`);
    if (readsOnly) return;
    try {
      await this.putBytes(NO_BYTES);
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
    }
  }

  /** Storing the same content over itself changes nothing for readers, and repairs it where it was damaged. The store checks the hash before it takes anything. */
  async #put(hash: string, content: Uint8Array | Readable, bytes: number): Promise<ObjectRef> {
    const key = `sha256/${hash}`;
    const ChecksumSHA256 = Buffer.from(hash, 'hex').toString('base64');
    const wish = { ...this.#placeOf(key), Body: content, ContentLength: bytes, ChecksumSHA256 };
    await this.#ask('write', () => this.#client.send(new PutObjectCommand(wish)));
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
      const { Body } = await this.#ask('read', () => this.#client.send(new GetObjectCommand(this.#placeOf(key))));
      return Body as Readable;
    } catch (error) {
      throw statusOf(error) === 404 ? new ObjectMissing(key, describe(this.#address)) : error;
    }
  }

  #ask<T>(way: Way, question: () => Promise<T>): Promise<T> {
    return this.#watch.hear(way, async () => {
      try {
        return await question();
      } catch (error) {
        throw asS3Fault(error, describe(this.#address));
      }
    });
  }

  #verify(key: string, found: string): void {
    if (found !== hashOf(key)) throw new ObjectDamaged(key, describe(this.#address), found);
  }

  #placeOf(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#address.bucket, Key: `${this.#address.prefix}sha256/${hashOf(key)}` };
  }
}

/** Without a key and a secret, the SDK's own ways of finding them. A store that is not Amazon's has its buckets in paths. */
function configOf({ endpoint, region, credentials }: S3Address): S3ClientConfig {
  return {
    region,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
  };
}
