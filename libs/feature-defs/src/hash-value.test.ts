import { randomFrom } from '../test/random.ts';
import { readVectors } from '../test/vectors.ts';
import { hashValue } from './hash-value.ts';

interface HashVectors {
  readonly texts: readonly { readonly part: string; readonly times: number; readonly hash: number }[];
  readonly numbers: readonly { readonly value: number; readonly hash: number }[];
  readonly truths: readonly { readonly value: boolean; readonly hash: number }[];
}

const BITS = 53;
const vectors = readVectors<HashVectors>('hash');

test('texts of all lengths and scripts are hashed as another implementation of MurmurHash3 hashes them', () => {
  const hashes = vectors.texts.map(({ part, times }) => ({ part, times, hash: hashValue(part.repeat(times)) }));
  expect(hashes).toEqual(vectors.texts);
});

test('so are the 64 bits of numbers, and truth values', () => {
  expect(vectors.numbers.map(({ value }) => ({ value, hash: hashValue(value) }))).toEqual(vectors.numbers);
  expect(vectors.truths.map(({ value }) => ({ value, hash: hashValue(value) }))).toEqual(vectors.truths);
});

test('a number, its text and a truth value are three values', () => {
  expect(new Set([1, '1', true, 0, '0', false, 'true', ''].map(hashValue)).size).toBe(8);
});

test('minus zero is zero, and every NaN is one value', () => {
  const negativeNaN = new Float64Array(new BigUint64Array([0xfff8000000000001n]).buffer)[0] as number;
  expect(hashValue(-0)).toBe(hashValue(0));
  expect(hashValue(negativeNaN)).toBe(hashValue(NaN));
  expect(hashValue(NaN)).not.toBe(hashValue(0));
});

test('what was hashed before leaves no trace', () => {
  const fresh = hashValue('ab');
  hashValue('a much longer text, of several blocks and ümlauts');
  expect(hashValue('ab')).toBe(fresh);
});

/** Which of the 53 bits differ. */
function differingBits(a: number, b: number): bigint {
  return BigInt(a) ^ BigInt(b);
}

function flipText(random: () => number): [string, string] {
  const codes = Array.from({ length: 1 + Math.floor(random() * 24) }, () => 64 + Math.floor(random() * 64));
  const at = Math.floor(random() * codes.length);
  const flipped = codes.map((code, i) => (i === at ? code ^ (1 << Math.floor(random() * 6)) : code));
  return [String.fromCharCode(...codes), String.fromCharCode(...flipped)];
}

function flipNumber(random: () => number): [number, number] {
  const bits = new BigUint64Array(1);
  const [number] = new Float64Array(bits.buffer).fill(random() * 1e6);
  bits[0] = (bits[0] as bigint) ^ (1n << BigInt(Math.floor(random() * 52)));
  return [number as number, new Float64Array(bits.buffer)[0] as number];
}

test.each([
  ['text', flipText],
  ['number', flipNumber],
] as const)('a bit of a %s changes every bit of the hash half of the time', (_, flip) => {
  const random = randomFrom(11);
  const trials = 4000;
  const flips = new Array<number>(BITS).fill(0);
  for (let i = 0; i < trials; i += 1) {
    const [one, other] = flip(random);
    const difference = differingBits(hashValue(one), hashValue(other));
    flips.forEach((count, bit) => (flips[bit] = count + Number((difference >> BigInt(bit)) & 1n)));
  }
  const fiveSigma = 5 * 0.5 * Math.sqrt(trials);
  expect(flips.filter((count) => Math.abs(count - trials / 2) > fiveSigma)).toEqual([]);
});

/** (χ² − expected) / standard deviation over 4,096 equally probable cells. */
function unevenness(cells: readonly number[]): number {
  const counts = new Array<number>(4096).fill(0);
  for (const cell of cells) counts[cell] = (counts[cell] as number) + 1;
  const mean = cells.length / counts.length;
  const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  return (chiSquare - (counts.length - 1)) / Math.sqrt(2 * (counts.length - 1));
}

describe.each([
  ['numbers in sequence', (i: number) => i],
  ['fractions in sequence', (i: number) => i / 100],
  ['ids in sequence', (i: number) => `user-${i}`],
  ['long ids that differ in the middle', (i: number) => `https://example.org/flights/${i}/landing?delay=none`],
] as const)('of %s', (_, make) => {
  const hashes = Array.from({ length: 60_000 }, (__, i) => hashValue(make(i)));

  test('the lowest and the highest twelve bits are even, and no two hashes are equal', () => {
    expect(Math.abs(unevenness(hashes.map((hash) => hash % 4096)))).toBeLessThan(5);
    expect(Math.abs(unevenness(hashes.map((hash) => Math.floor(hash / 2 ** (BITS - 12)))))).toBeLessThan(5);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
  });
});
