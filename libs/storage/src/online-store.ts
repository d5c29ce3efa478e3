/** The newest value of one entity in one feature view. */
export interface OnlineRow {
  view: string;
  entity: string;
  /** When it happened: whole epoch milliseconds. */
  eventTime: number;
  /** When the platform knew it: whole epoch milliseconds. */
  knownTime: number;
  /** Tells apart two rows of the same two times; the writer counts it up. */
  version: number;
  /** Opaque JSON text; null is a tombstone: the value was deleted at these times. */
  value: string | null;
}

export interface OnlineKey {
  view: string;
  entity: string;
}

/** Which store it is, so that one that came back without its rows is not taken for the one that had them. */
export interface OnlineIdentity {
  /** Drawn when the store was empty, and kept among its rows: whoever loses the rows loses it. */
  readonly mark: string;
  /** Another one after its server was started again, or replaced by another: the last moment of puts may be lost. */
  readonly run: string;
}

/** The store is not the one that was meant: it has lost its rows, or its server was started again. Nothing was stored. */
export class OtherStore extends Error {
  override readonly name = 'OtherStore';

  constructor() {
    super(
      'The online store is not the one it was: it has lost its rows, or its server was started again. What it holds is looked at anew.',
    );
  }
}

/**
 * The values that answers are made from, one row per view and entity.
 *
 * Promises, tested for every adapter by online-store.conformance.ts:
 * - Newest wins: a row replaces the stored one exactly when (eventTime, knownTime, version) is greater, compared in this order.
 *   An equal or older row changes nothing, so puts may be repeated, arrive out of order, or race from many writers.
 * - A tombstone is a row like any other: it wins and loses by the same comparison, so an older put cannot bring a value back.
 * - `put` takes thousands of rows in one call, also several of one key. It resolves when every reader sees the rows.
 * - `get` answers in the order of the keys, in one round trip; undefined where nothing was ever put, a row with value null where it was deleted.
 * - The store is a projection: it may lose the last moment of acknowledged puts when the *store* crashes (not when a writer does).
 *   Writers therefore keep the truth in their own state and put it again when they start.
 * - One that has lost all its rows has lost its mark with them. A put `during` an identity that is no longer the store's stores nothing.
 */
export interface OnlineStore {
  /** Throws a RangeError, and stores nothing, when a row has a time or version that is not a whole number or a key that cannot be stored; OtherStore. */
  put(rows: readonly OnlineRow[], during?: OnlineIdentity): Promise<void>;
  /** Which store it is now. One without a mark is given `fresh`; of several who do that at once, one wins. */
  identify(fresh: string): Promise<OnlineIdentity>;
  get(keys: readonly OnlineKey[]): Promise<(OnlineRow | undefined)[]>;
  /** Removes the rows without a trace: what was put before may be put again and is taken. Resolves when no reader sees them. */
  forget(keys: readonly OnlineKey[]): Promise<void>;
  /** What keeps it from working at the moment, where it lies on a server of its own: a sentence with the remedy. Empty when all is well. */
  waitingFor(): readonly string[];
  close(): Promise<void>;
}
