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
 */
export interface OnlineStore {
  /** Throws a RangeError, and stores nothing, when a row has a time or version that is not a whole number or a key that cannot be stored. */
  put(rows: readonly OnlineRow[]): Promise<void>;
  get(keys: readonly OnlineKey[]): Promise<(OnlineRow | undefined)[]>;
  close(): Promise<void>;
}
