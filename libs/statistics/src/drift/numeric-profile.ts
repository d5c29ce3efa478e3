import { requireCount, requireFinite, StatisticsError } from '../errors.ts';
import { mergeMoments, NO_MOMENTS, type Moments } from '../moments.ts';
import { binOf, observedCount, DEFAULT_BINS, layBins, requireEdges, observedValue, type Met, type NumericObservation } from './bins.ts';
import type { Cells } from './cells.ts';

/**
 * What is kept of a numeric feature: how many values lie in each bin, and how far in. Plain JSON. Profiles over the same edges are
 * merged by addition, in any order: counts are exact, sums and moments agree up to rounding.
 */
export interface NumericProfile {
  readonly kind: 'numeric';
  /** Rising ends of the bins, of which there is one less. The first bin holds both its ends, others only their upper one. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Of each bin, the sum of (value - lower edge): with it, areas between distributions are exact although values are not kept. */
  readonly excess: readonly number[];
  /** Values below the first edge, and the sum of their distances from it. */
  readonly below: Outside;
  /** Values above the last edge, and the sum of their distances from it. */
  readonly above: Outside;
  readonly nulls: number;
  /** Of the values that are not null. */
  readonly moments: Moments;
}

export interface Outside {
  readonly count: number;
  readonly excess: number;
}

interface Tally {
  readonly counts: number[];
  readonly excess: number[];
  readonly below: { count: number; excess: number };
  readonly above: { count: number; excess: number };
  nulls: number;
  n: number;
  mean: number;
  m2: number;
}

function addExcess(tally: Tally, edges: readonly number[], { value, count }: Met): void {
  const first = edges[0] ?? NaN;
  const last = edges[edges.length - 1] ?? NaN;
  if (value < first || value > last) {
    const outside = value < first ? tally.below : tally.above;
    outside.count += count;
    outside.excess += count * (value < first ? first - value : value - last);
    return;
  }
  const bin = binOf(edges, value);
  tally.counts[bin] = (tally.counts[bin] ?? 0) + count;
  tally.excess[bin] = (tally.excess[bin] ?? 0) + count * (value - (edges[bin] ?? NaN));
}

function addMoments(tally: Tally, { value, count }: Met): void {
  if (count === 0) return;
  tally.n += count;
  const difference = value - tally.mean;
  tally.mean += difference * (count / tally.n);
  tally.m2 += count * difference * (value - tally.mean);
}

function emptyTally(bins: number): Tally {
  const zeros = (): number[] => Array.from({ length: bins }, () => 0);
  const nothing = { count: 0, excess: 0 };
  return { counts: zeros(), excess: zeros(), below: { ...nothing }, above: { ...nothing }, nulls: 0, n: 0, mean: 0, m2: 0 };
}

function requireRepresentable(profile: NumericProfile): NumericProfile {
  const { excess, below, above, moments } = profile;
  const sums = [...excess, below.excess, above.excess, moments.mean, moments.m2];
  if (sums.every(Number.isFinite)) return profile;
  throw new StatisticsError('out-of-range', 'The values are so large that their squares overflow; measure in a larger unit.');
}

/**
 * Counts rows into the bins of the reference. Of no rows, it is the profile that changes nothing when merged. Throws `invalid-input`
 * for a value or a count that is none, `out-of-range` where squares of values overflow.
 */
export function profileValues(edges: readonly number[], observations: Iterable<NumericObservation>): NumericProfile {
  requireEdges(edges);
  const tally = emptyTally(edges.length - 1);
  for (const observation of observations) {
    const [value, count] = [observedValue(observation), observedCount(observation)];
    requireCount(count, `the count of the value ${value}`);
    if (value === null) {
      tally.nulls += count;
      continue;
    }
    requireFinite(value, 'a value');
    addExcess(tally, edges, { value, count });
    addMoments(tally, { value, count });
  }
  const { n, mean, m2, ...kept } = tally;
  return requireRepresentable({ kind: 'numeric', edges, ...kept, moments: n === 0 ? NO_MOMENTS : { n, mean, m2 } });
}

/** Lays bins by the reference and counts it into them. */
export function profileReference(reference: readonly NumericObservation[], bins: number = DEFAULT_BINS): NumericProfile {
  return profileValues(layBins(reference, bins), reference);
}

/** Throws `invalid-input` where two profiles were not counted into the same bins. */
export function requireSameBins(a: NumericProfile, b: NumericProfile): void {
  if (a.edges.length === b.edges.length && a.edges.every((edge, index) => edge === b.edges[index])) return;
  throw new StatisticsError(
    'invalid-input',
    `The profiles have different bins (${a.edges.length - 1} from ${a.edges[0]}, ${b.edges.length - 1} from ${b.edges[0]}); count both into the edges of one reference.`,
  );
}

const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, index) => value + (b[index] ?? 0));
const outside = (a: Outside, b: Outside): Outside => ({ count: a.count + b.count, excess: a.excess + b.excess });

/** The profile of two disjoint sets of rows together. */
export function mergeNumericProfiles(a: NumericProfile, b: NumericProfile): NumericProfile {
  requireSameBins(a, b);
  return requireRepresentable({
    kind: 'numeric',
    edges: a.edges,
    counts: plus(a.counts, b.counts),
    excess: plus(a.excess, b.excess),
    below: outside(a.below, b.below),
    above: outside(a.above, b.above),
    nulls: a.nulls + b.nulls,
    moments: mergeMoments(a.moments, b.moments),
  });
}

/** Both sides over the bins, with what lies below and above them as cells of their own. */
export function binCells(reference: NumericProfile, current: NumericProfile): Cells {
  requireSameBins(reference, current);
  const side = ({ below, counts, above }: NumericProfile): number[] => [below.count, ...counts, above.count];
  return { reference: side(reference), current: side(current) };
}

/** In the population form, with n below; 0 of constant values and of none. */
export function standardDeviation({ moments: { n, m2 } }: NumericProfile): number {
  return n === 0 ? 0 : Math.sqrt(m2 / n);
}
