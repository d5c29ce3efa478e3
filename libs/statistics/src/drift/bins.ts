import { requireCount, requireFinite, StatisticsError } from '../errors.ts';

/** A value that was met `count` times, as from a GROUP BY. */
export interface CountedValue {
  readonly value: number | null;
  readonly count: number;
}

/** One row of a numeric feature, or several alike. A missing value is null; NaN is refused. */
export type NumericObservation = number | null | CountedValue;

/** Each bin holds a twentieth of the reference: enough of them to see a change of shape, few enough for a hundred values. */
export const DEFAULT_BINS = 20;
const MOST_BINS = 1000;

/** Null where it is missing. */
export const observedValue = (observation: NumericObservation): number | null =>
  typeof observation === 'object' && observation !== null ? observation.value : observation;
/** 1 for a single row. */
export const observedCount = (observation: NumericObservation): number =>
  typeof observation === 'object' && observation !== null ? observation.count : 1;

function requireBins(bins: number): void {
  if (Number.isSafeInteger(bins) && bins >= 2 && bins <= MOST_BINS) return;
  throw new StatisticsError(
    'invalid-option',
    `${bins} bins are asked for; there are from 2 to ${MOST_BINS} of them, and ${DEFAULT_BINS} are usual.`,
  );
}

/** A value and how often it was met. */
export interface Met {
  readonly value: number;
  readonly count: number;
}

function requireReferenceValue(value: number, count: number): void {
  requireFinite(value, 'a value of the reference');
  requireCount(count, `the count of the value ${value}`);
}

/** Neighbours of one value as one. */
function joinEqual(sorted: Iterable<Met>): Met[] {
  const joined: Met[] = [];
  let last: { value: number; count: number } | undefined;
  for (const { value, count } of sorted) {
    if (value === last?.value) last.count += count;
    else joined.push((last = { value, count }));
  }
  return joined;
}

/** The distinct values in rising order, and how often each was met. Plain numbers are sorted as such, which is ten times as fast. */
function sortValues(observations: readonly NumericObservation[]): Met[] {
  const plain: number[] = [];
  const counted: Met[] = [];
  for (const observation of observations) {
    const [value, count] = [observedValue(observation), observedCount(observation)];
    if (value === null) continue;
    requireReferenceValue(value, count);
    if (typeof observation === 'number') plain.push(value);
    else if (count > 0) counted.push({ value, count });
  }
  const runs = joinEqual(Array.from(Float64Array.from(plain).sort(), (value) => ({ value, count: 1 })));
  return counted.length === 0 ? runs : joinEqual([...runs, ...counted].sort((a, b) => a.value - b.value));
}

/**
 * The ends of bins that hold equal shares of the reference: its least value, then its quantiles. Values that make up more than a
 * bin's share end a bin of their own, as does the least value where it does; of no more distinct values than bins, each has its own.
 * Throws `too-few-units` where the reference has no value.
 */
export function layBins(reference: readonly NumericObservation[], bins: number = DEFAULT_BINS): readonly number[] {
  requireBins(bins);
  const met = sortValues(reference);
  const [least] = met;
  if (least === undefined) {
    throw new StatisticsError(
      'too-few-units',
      `None of the ${reference.length} rows at training has a value, so there is nothing to lay bins by. Take a reference with values, or compare shares of nulls alone.`,
    );
  }
  if (met.length <= bins) return [least.value, ...met.map(({ value }) => value)];
  const total = met.reduce((sum, { count }) => sum + count, 0);
  const ends: number[] = [];
  let seen = 0;
  for (const { value, count } of met) {
    seen += count;
    if (seen * bins < total * (Math.floor(((seen - count) * bins) / total) + 1)) continue;
    ends.push(value);
  }
  return [least.value, ...ends];
}

/** Throws `invalid-input` where edges are none that `layBins` could have laid. */
export function requireEdges(edges: readonly number[]): void {
  edges.forEach((edge) => requireFinite(edge, 'an edge'));
  const rising = edges.every((edge, index) => index < 2 || edge > (edges[index - 1] ?? NaN));
  if (edges.length >= 2 && rising && (edges[1] ?? NaN) >= (edges[0] ?? NaN)) return;
  throw new StatisticsError(
    'invalid-input',
    `The edges ${edges.slice(0, 5).join(', ')}${edges.length > 5 ? ', …' : ''} bound no bins: there are at least 2, and they rise. Take them from layBins.`,
  );
}

/** The bin of a value between the first edge and the last. */
export function binOf(edges: readonly number[], value: number): number {
  let [low, high] = [1, edges.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] ?? Infinity)) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
