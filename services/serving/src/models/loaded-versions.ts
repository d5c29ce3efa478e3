/** Versions in memory, each loaded once however many aliases name it, and released when nobody needs it and nothing runs on it. */
import type { ObjectStore } from '@roofshot/storage/object-store';
import { OnnxSession } from './onnx-session.ts';
import type { KnownVersion, Signature } from './model-catalogue.ts';

/** A version that can answer. Held by its users (see `LoadedVersions`); a run that has begun ends on it whatever happens. */
export class LoadedVersion {
  readonly model: string;
  readonly version: number;
  readonly signature: Signature;
  readonly session: OnnxSession;
  #running = 0;
  #isRetired = false;

  constructor({ model, version, signature }: KnownVersion, session: OnnxSession) {
    this.model = model;
    this.version = version;
    this.signature = signature;
    this.session = session;
  }

  /** As `OnnxSession.score`. The session stays until this has ended. */
  score(matrix: Float32Array, rows: number): Promise<Float32Array> {
    return this.#hold(() => this.session.score(matrix, rows));
  }

  /** As `OnnxSession.run`. */
  run(matrix: Float32Array, rows: number): Promise<Float32Array> {
    return this.#hold(() => this.session.run(matrix, rows));
  }

  /** Nobody will begin another run. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    if (this.#running === 0) await this.session.release();
  }

  async #hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isRetired) throw new Error(`Version ${this.version} of ${this.model} has been released; ask the alias again.`);
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#isRetired && this.#running === 0) await this.session.release();
    }
  }
}

interface Held {
  readonly loading: Promise<LoadedVersion>;
  users: number;
}

export class LoadedVersions {
  readonly #objects: ObjectStore;
  readonly #held = new Map<string, Held>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** Loaded and warm; to be given back by `release`. Throws when the file is missing, damaged, or does not fit its signature. */
  async acquire(version: KnownVersion): Promise<LoadedVersion> {
    const key = keyOf(version);
    const held = this.#held.get(key) ?? { loading: this.#load(version), users: 0 };
    this.#held.set(key, held);
    held.users += 1;
    try {
      return await held.loading;
    } catch (error) {
      if (this.#held.get(key) === held) this.#held.delete(key); // the next one tries anew
      throw error;
    }
  }

  /** Its last user's: then it is retired. */
  async release(version: LoadedVersion): Promise<void> {
    const key = keyOf(version);
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.users -= 1;
    if (held.users > 0) return;
    this.#held.delete(key);
    await version.retire();
  }

  async #load(version: KnownVersion): Promise<LoadedVersion> {
    try {
      const path = await this.#objects.fetch(version.artifact);
      return new LoadedVersion(version, await OnnxSession.load(path, version.signature));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Version ${version.version} of ${version.model} cannot be loaded: ${reason}`, { cause });
    }
  }
}

const keyOf = ({ model, version }: { readonly model: string; readonly version: number }): string => `${model}/${version}`;
