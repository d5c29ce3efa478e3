/**
 * Values as 53-bit hashes, for sketches: the first 64 bits of MurmurHash3 x86_128 (Austin Appleby, public domain), cut to a safe integer.
 * The same on every machine and in every version: hashes are kept in stored sketches. It is no defence against forged collisions.
 */

/** Texts, numbers and truth values are hashed under seeds of their own, so that 1, "1" and true are three values. */
const TEXT_SEED = 0;
const NUMBER_SEED = 1;
const TRUTH_SEED = 2;

/** Characters of a text that is hashed without memory of its own: names and ids are shorter. */
const SHORT_TEXT = 256;
/** A character is at most three bytes of UTF-8. */
const BYTES_PER_CHARACTER = 3;
const BLOCK_BYTES = 16;

interface Room {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const { imul } = Math;
const encoder = new TextEncoder();
const shared = roomFor(SHORT_TEXT);

/** Room for a text of so many characters and the zeros behind it. */
function roomFor(characters: number): Room {
  const bytes = new Uint8Array(characters * BYTES_PER_CHARACTER + BLOCK_BYTES);
  return { bytes, view: new DataView(bytes.buffer) };
}

/**
 * A whole number in 0 ≤ hash < 2^53. A text is hashed as UTF-8 (unpaired surrogates count as U+FFFD), a number as its 64 bits, where
 * −0 is 0 and every NaN is one value.
 */
export function hashValue(value: string | number | boolean): number {
  if (typeof value === 'string') return hashText(value);
  if (typeof value === 'number') return hashNumber(value);
  shared.view.setUint8(0, Number(value));
  return hashBytes(shared.view, 1, TRUTH_SEED);
}

function hashText(text: string): number {
  const room = text.length <= SHORT_TEXT ? shared : roomFor(text.length);
  return hashBytes(room.view, writeText(text, room.bytes), TEXT_SEED);
}

/** Writes UTF-8 and answers its length. Most keys are ASCII, for which a call of the encoder costs more than the hash. */
function writeText(text: string, bytes: Uint8Array): number {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 127) return encoder.encodeInto(text, bytes).written;
    bytes[i] = code;
  }
  return text.length;
}

function hashNumber(value: number): number {
  const { view } = shared;
  view.setFloat64(0, value + 0, true);
  // Which bits a NaN has is left to the machine.
  if (Number.isNaN(value)) view.setBigUint64(0, 0x7ff8000000000000n, true);
  return hashBytes(view, 8, NUMBER_SEED);
}

const [C1, C2, C3, C4] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;

/**
 * The upper 21 bits of the first word of the hash, then all of the second. Overwrites the block behind the bytes with zeros: a remainder of
 * a block is then read as a block, since a word of zeros leaves its lane as it is.
 */
function hashBytes(view: DataView, length: number, seed: number): number {
  view.setFloat64(length, 0);
  view.setFloat64(length + 8, 0);
  let [h1, h2, h3, h4] = [seed, seed, seed, seed];
  let at = 0;
  for (; at + BLOCK_BYTES <= length; at += BLOCK_BYTES) {
    h1 = stepLane(h1 ^ scramble(view.getInt32(at, true), C1, 15, C2), 19, h2, 0x561ccd1b);
    h2 = stepLane(h2 ^ scramble(view.getInt32(at + 4, true), C2, 16, C3), 17, h3, 0x0bcaa747);
    h3 = stepLane(h3 ^ scramble(view.getInt32(at + 8, true), C3, 17, C4), 15, h4, 0x96cd1c35);
    h4 = stepLane(h4 ^ scramble(view.getInt32(at + 12, true), C4, 18, C1), 13, h1, 0x32ac3b17);
  }
  h1 ^= scramble(view.getInt32(at, true), C1, 15, C2) ^ length;
  h2 ^= scramble(view.getInt32(at + 4, true), C2, 16, C3) ^ length;
  h3 ^= scramble(view.getInt32(at + 8, true), C3, 17, C4) ^ length;
  h4 ^= scramble(view.getInt32(at + 12, true), C4, 18, C1) ^ length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  const [m1, m2] = [avalanche(h1), avalanche((h2 + h1) | 0)];
  const first = (m1 + m2 + avalanche((h3 + h1) | 0) + avalanche((h4 + h1) | 0)) | 0;
  return (first >>> 11) * 2 ** 32 + ((m2 + first) >>> 0);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function scramble(word: number, before: number, bits: number, after: number): number {
  return imul(rotateLeft(imul(word, before), bits), after);
}

function stepLane(lane: number, bits: number, neighbour: number, constant: number): number {
  return (imul((rotateLeft(lane, bits) + neighbour) | 0, 5) + constant) | 0;
}

/** Each bit of the word changes each bit of the result with a probability of one half (`fmix32`). */
function avalanche(word: number): number {
  let mixed = imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
