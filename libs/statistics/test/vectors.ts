import { readFileSync } from 'node:fs';

/** A file of golden values made by vectors/generate.py. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** |actual - expected| in relative terms; two zeros agree. */
export function relativeError(actual: number, expected: number): number {
  if (actual === expected) return 0;
  return Math.abs(actual - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE);
}

/** The rows that disagree by more than the tolerance, with both values, so that a failure names them. */
export function disagreements<Row>(
  rows: readonly Row[],
  compare: (row: Row) => readonly [actual: number, expected: number],
  tolerance: number,
): readonly { readonly row: Row; readonly actual: number; readonly expected: number }[] {
  return rows
    .map((row) => ({ row, values: compare(row) }))
    .filter(({ values: [actual, expected] }) => !(relativeError(actual, expected) <= tolerance))
    .map(({ row, values: [actual, expected] }) => ({ row, actual, expected }));
}

/** A small generator with a seed (Marsaglia's xorshift32), uniform on (0, 1): the same numbers on every machine. */
export function uniformSource(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 4294967296;
  };
}
