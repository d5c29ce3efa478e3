import type { Tx } from './handlers.ts';

/** Runs work in one database transaction; what it publishes and sends becomes visible when the state does. */
export interface Transactions {
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
