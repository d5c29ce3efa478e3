/** Random numbers that depend on seed and place alone: the same on every machine, and no state to keep over a restart. */
import { createHash } from 'node:crypto';

const BYTES = 6;

/** Uniform in [0, 1): the first 48 bits of SHA-256 over seed and index. */
export function randomAt(seed: number, index: number): number {
  return createHash('sha256').update(`${seed}/${index}`).digest().readUIntBE(0, BYTES) / 2 ** (8 * BYTES);
}

/** Fisher and Yates; a new list. */
export function shuffle<T>(items: readonly T[], seed: number): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(randomAt(seed, last) * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
  }
  return mixed;
}
