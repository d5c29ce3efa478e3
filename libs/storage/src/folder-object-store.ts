import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, chmod, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf } from './error-code.ts';
import { explainFault } from './folder-faults.ts';
import { makeFolder } from './make-folder.ts';
import { ObjectDamaged, ObjectMissing, hashOf } from './object-store.ts';
import type { ObjectRef, ObjectStore } from './object-store.ts';
import { syncFolder } from './sync-folder.ts';

/** Objects are never changed in place. */
const READ_ONLY = 0o444;
/** No put takes this long: an unfinished file of this age belongs to a process that was killed. */
const ABANDONED_MS = 24 * 60 * 60 * 1_000;

/** Objects as read-only files `FOLDER/sha256/<2 digits>/<62 digits>`; several processes may share the folder. */
export class FolderObjectStore implements ObjectStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder when absent; throws a sentence with the remedy when it cannot be written. */
  static async open(folder: string): Promise<FolderObjectStore> {
    const path = resolve(folder);
    try {
      await makeFolder(join(path, 'sha256'));
      await makeFolder(join(path, 'unfinished'));
      await access(join(path, 'unfinished'), constants.W_OK);
      await removeAbandoned(join(path, 'unfinished'));
    } catch (error) {
      throw explainFault(error, path);
    }
    return new FolderObjectStore(path);
  }

  async putFile(path: string): Promise<ObjectRef> {
    await access(path, constants.R_OK).catch((error: unknown) => {
      throw new Error(`The file ${path} cannot be stored: it is missing or may not be read.`, { cause: error });
    });
    return this.#put(createReadStream(path));
  }

  putBytes(content: Uint8Array): Promise<ObjectRef> {
    return this.#put([content]);
  }

  async fetch(key: string): Promise<string> {
    const path = this.#pathOf(key);
    await this.#verify(key, await hashStream(this.#reading(key)));
    return path;
  }

  async fetchToFile(key: string, destination: string): Promise<void> {
    const temporary = `${destination}.${randomUUID()}`;
    try {
      const { hash } = await writeDurably(temporary, this.#reading(key));
      await this.#verify(key, hash);
      await rename(temporary, destination);
    } catch (error) {
      await rm(temporary, { force: true });
      throw explainFault(error, dirname(destination));
    }
  }

  async read(key: string): Promise<Buffer> {
    const content = await readFile(this.#pathOf(key)).catch((error: unknown) => {
      throw this.#missing(key, error);
    });
    await this.#verify(key, createHash('sha256').update(content).digest('hex'));
    return content;
  }

  async has(key: string): Promise<boolean> {
    try {
      return (await stat(this.#pathOf(key))).isFile();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** A folder is on no server. */
  waitingFor(): readonly string[] {
    return [];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Replacing a file of the same content changes nothing for readers, and repairs it where it was damaged. */
  async #put(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<ObjectRef> {
    const temporary = join(this.#folder, 'unfinished', randomUUID());
    try {
      const { hash, bytes } = await writeDurably(temporary, content);
      const key = `sha256/${hash}`;
      const path = this.#pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      await chmod(temporary, READ_ONLY);
      await rename(temporary, path);
      await syncFolder(dirname(path));
      await syncFolder(dirname(dirname(path)));
      return { key, bytes };
    } catch (error) {
      await rm(temporary, { force: true });
      throw explainFault(error, this.#folder);
    }
  }

  async *#reading(key: string): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(this.#pathOf(key)) as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw this.#missing(key, error);
    }
  }

  #missing(key: string, error: unknown): unknown {
    return codeOf(error) === 'ENOENT' ? new ObjectMissing(key, this.#folder) : error;
  }

  async #verify(key: string, found: string): Promise<void> {
    if (found !== hashOf(key)) throw new ObjectDamaged(key, this.#folder, found);
  }

  #pathOf(key: string): string {
    const hash = hashOf(key);
    return join(this.#folder, 'sha256', hash.slice(0, 2), hash.slice(2));
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const changed = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(), // finished meanwhile
    );
    if (Date.now() - changed > ABANDONED_MS) await rm(path, { force: true });
  }
}

async function writeDurably(
  path: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ hash: string; bytes: number }> {
  const file = await open(path, 'wx', 0o600);
  try {
    const written = await writeAll(file, content);
    await file.sync();
    return written;
  } finally {
    await file.close();
  }
}

async function writeAll(
  file: FileHandle,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<{ hash: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    await file.writeFile(chunk);
    bytes += chunk.length;
  }
  return { hash: hash.digest('hex'), bytes };
}

async function hashStream(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}
