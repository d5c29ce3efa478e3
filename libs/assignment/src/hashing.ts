/**
 * FNV-1a with 32 bits over UTF-16 code units (not bytes), and the two ways in which GrowthBook makes buckets of it: the
 * same unit gets the same bucket here and in every GrowthBook SDK. Nothing here allocates.
 */

export type HashVersion = 1 | 2;

/** FNV's offset basis and prime for 32 bits. */
export const FNV_START = 0x811c9dc5;
/** Where code runs in a context of its own, as tests do, every access to a global is slow. */
const { imul } = Math;

const FNV_PRIME = 0x01000193;
const ZERO_CODE = 48;
/** Decimal places of a 32-bit number, highest first. */
const DECIMAL_PLACES = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1] as const;

/** FNV-1a of a text, or of what came before (its hash as `start`) and the text: hash(a + b) is hash(b, hash(a)). */
export function hashText(text: string, start: number = FNV_START): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}

/** FNV-1a of a number's decimal digits, as if it were written out first. */
function hashDigits(number: number): number {
  let hash = FNV_START;
  let rest = number;
  for (const place of DECIMAL_PLACES) {
    if (number < place && place > 1) continue;
    const digit = Math.floor(rest / place);
    rest -= digit * place;
    hash = imul(hash ^ (ZERO_CODE + digit), FNV_PRIME);
  }
  return hash >>> 0;
}

/** How many buckets a version has: a bucket b stands for the number b / count in [0, 1). */
export function bucketCount(version: HashVersion): number {
  return version === 2 ? 10_000 : 1000;
}

/** A seed made ready, so that version 2 hashes it once and not with every unit. */
export interface Seed {
  readonly version: HashVersion;
  readonly text: string;
  readonly hash: number;
}

export function prepareSeed(text: string, version: HashVersion): Seed {
  return { version, text, hash: hashText(text) };
}

/**
 * The unit's bucket, from 0 to bucketCount - 1. Version 2: hash(decimal(hash(seed + unit))) mod 10,000, without bias between
 * experiments. Version 1: hash(unit + seed) mod 1,000, kept for experiments that began with it.
 */
export function bucketOf(unit: string, seed: Seed): number {
  return seed.version === 2 ? hashDigits(hashText(unit, seed.hash)) % 10_000 : hashText(seed.text, hashText(unit)) % 1000;
}
