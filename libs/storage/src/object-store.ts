/** Names an object by its content. */
export interface ObjectRef {
  /** `sha256/<64 hex digits>` */
  key: string;
  bytes: number;
}

/**
 * Immutable files (artifacts, snapshots), named by the hash of their content.
 *
 * Promises, tested for every adapter by object-store.conformance.ts:
 * - Write once: the key follows from the content, so putting the same content again answers the same reference and changes nothing.
 * - Atomic and durable: when put resolves the object is complete and safe; before that no reader sees a part of it.
 * - Whatever is read is checked against its hash: damaged content throws `ObjectDamaged` and is never handed out; putting it again repairs it.
 * - An unknown key throws `ObjectMissing`; a text that is no key throws a RangeError.
 */
export interface ObjectStore {
  /** Stores the content of the file at `path`; the file stays where it is. */
  putFile(path: string): Promise<ObjectRef>;
  putBytes(content: Uint8Array): Promise<ObjectRef>;
  /** Makes the object available on this machine and answers the path of a file that must not be changed. */
  fetch(key: string): Promise<string>;
  /** Writes the object to `destination`, replacing a file there in one step. */
  fetchToFile(key: string, destination: string): Promise<void>;
  /** The whole content in memory: for small objects. */
  read(key: string): Promise<Buffer>;
  has(key: string): Promise<boolean>;
  /** What keeps it from working at the moment, where it lies on a server of its own: a sentence with the remedy. Empty when all is well. */
  waitingFor(): readonly string[];
  close(): Promise<void>;
}

export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';

  constructor(
    readonly key: string,
    where: string,
  ) {
    super(
      `There is no object ${key} in ${where}. It was never stored there, or was removed: check that the store is the one it was put into.`,
    );
  }
}

export class ObjectDamaged extends Error {
  override readonly name = 'ObjectDamaged';

  constructor(
    readonly key: string,
    where: string,
    found: string,
  ) {
    super(
      `The object ${key} in ${where} is damaged: its content has the hash ${found}. Store the original again to repair it, and check the disk.`,
    );
  }
}

const KEY = /^sha256\/[0-9a-f]{64}$/;

/** The hash part of an object's key. Throws a RangeError for anything else, so that a key can never become a path of its own. */
export function hashOf(key: string): string {
  if (!KEY.test(key)) throw new RangeError(`"${key}" is not the key of an object: it must be sha256/ and 64 hex digits.`);
  return key.slice('sha256/'.length);
}
