/**
 * How many distinct values there were: the hashes themselves while they are few, else HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007).
 * A cell is a function of the set of values alone: neither order, nor grouping, nor repetition changes a bit of it.
 */
import { lowerBound } from './lower-bound.ts';

/**
 * Ascending hashes, at most MOST_EXACT of them; of more values one character for each register, '0' for none. Cells are never changed in
 * place: what adds nothing answers the same cell.
 */
export type DistinctCell = readonly number[] | string;

/** So many hashes are about as long in JSON as the registers: 4 KiB are the most that a cell takes. */
export const MOST_EXACT = 256;

const INDEX_BITS = 12;
const REGISTERS = 2 ** INDEX_BITS;
/** A hash has 53 bits: what is left of them after the index. */
const RANK_BITS = 53 - INDEX_BITS;
/** Ranks up to 42 are the characters from '0' to 'Z', of which JSON escapes none. */
const ZERO = '0'.charCodeAt(0);

const { clz32, floor } = Math;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scratch = new Uint8Array(REGISTERS);

/**
 * Relative standard error of a count of more than MOST_EXACT values, 1.62 %: √((3 ln 2 − 1) / registers) (Flajolet et al. 2007, theorem 1).
 * It is smaller, down to 1 %, for the first few thousand.
 */
export const DISTINCT_STANDARD_ERROR = Math.sqrt((3 * Math.LN2 - 1) / REGISTERS);

export const emptyDistinct: DistinctCell = [];

/** The cell with one more hash of `hashValue`. */
export function addHash(cell: DistinctCell, hash: number): DistinctCell {
  if (typeof cell === 'string') return raiseRegister(cell, hash);
  const at = lowerBound(cell, hash);
  if (cell[at] === hash) return cell;
  const hashes = cell.toSpliced(at, 0, hash);
  return hashes.length <= MOST_EXACT ? hashes : registersOf([hashes]);
}

function raiseRegister(registers: string, hash: number): string {
  const index = indexOf(hash);
  const code = ZERO + rankOf(hash);
  if (registers.charCodeAt(index) >= code) return registers;
  return registers.slice(0, index) + String.fromCharCode(code) + registers.slice(index + 1);
}

/** The lowest INDEX_BITS bits. */
function indexOf(hash: number): number {
  return hash & (REGISTERS - 1);
}

/** The place of the highest bit set above the index, counted from the top: 1 to RANK_BITS, one more when none is. */
function rankOf(hash: number): number {
  const high = floor(hash / 2 ** 32);
  if (high !== 0) return clz32(high) - 10;
  return RANK_BITS + 1 - (32 - clz32(hash >>> INDEX_BITS));
}

/** The cell of both sets together. */
export function mergeDistinct(a: DistinctCell, b: DistinctCell): DistinctCell {
  return mergeAllDistinct([a, b]);
}

/** The cell of all sets together: of the tiles of a window, in one pass. */
export function mergeAllDistinct(cells: readonly DistinctCell[]): DistinctCell {
  const hashes = new Set<number>();
  for (const cell of cells) {
    if (typeof cell === 'string') return registersOf(cells);
    for (const hash of cell) hashes.add(hash);
    if (hashes.size > MOST_EXACT) return registersOf(cells);
  }
  return Array.from(Float64Array.from(hashes).sort());
}

function registersOf(cells: readonly DistinctCell[]): string {
  const codes = new Uint8Array(REGISTERS).fill(ZERO);
  for (const cell of cells) {
    if (typeof cell === 'string') raiseAll(codes, cell);
    else for (const hash of cell) raise(codes, indexOf(hash), ZERO + rankOf(hash));
  }
  return decoder.decode(codes);
}

function raiseAll(codes: Uint8Array, registers: string): void {
  encoder.encodeInto(registers, scratch);
  for (let i = 0; i < REGISTERS; i += 1) raise(codes, i, scratch[i] as number);
}

function raise(codes: Uint8Array, index: number, code: number): void {
  if ((codes[index] as number) < code) codes[index] = code;
}

/** How many distinct values, a whole number: exact up to MOST_EXACT (and collisions of 53-bit hashes), then within DISTINCT_STANDARD_ERROR. */
export function countDistinct(cell: DistinctCell): number {
  if (typeof cell !== 'string') return cell.length;
  // There are no more hashes than these, though forged ones could fill all registers.
  return Math.min(Math.round(estimate(countRanks(cell))), Number.MAX_SAFE_INTEGER);
}

/** How many registers have each rank, 0 to RANK_BITS + 1. */
function countRanks(registers: string): number[] {
  const counts = new Array<number>(RANK_BITS + 2).fill(0);
  for (let i = 0; i < REGISTERS; i += 1) {
    const rank = registers.charCodeAt(i) - ZERO;
    counts[rank] = (counts[rank] as number) + 1;
  }
  return counts;
}

/** The improved raw estimator, unbiased at every size (Ertl, New cardinality estimation algorithms for HyperLogLog sketches, arXiv:1702.01284). */
function estimate(counts: readonly number[]): number {
  let sum = REGISTERS * tau(1 - (counts[RANK_BITS + 1] as number) / REGISTERS);
  for (let rank = RANK_BITS; rank >= 1; rank -= 1) sum = (sum + (counts[rank] as number)) / 2;
  sum += REGISTERS * sigma((counts[0] as number) / REGISTERS);
  return REGISTERS ** 2 / (2 * Math.LN2 * sum);
}

/** x + Σ x^(2^k) 2^(k−1) over k ≥ 1, for 0 ≤ x < 1: the correction for registers that nothing has met. */
function sigma(share: number): number {
  let [power, weight, sum, before] = [share, 1, share, -1];
  while (sum !== before) {
    before = sum;
    power *= power;
    sum += power * weight;
    weight *= 2;
  }
  return sum;
}

/** (1 − x − Σ (1 − x^(2^−k))² 2^−k over k ≥ 1) / 3: the correction for registers that are full. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [root, weight, sum, before] = [share, 1, 1 - share, -1];
  while (sum !== before) {
    before = sum;
    root = Math.sqrt(root);
    weight /= 2;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
