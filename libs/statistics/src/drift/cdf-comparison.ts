import { requireFinite } from '../errors.ts';
import { requireBothSides, type Sizes } from './cells.ts';
import { requireSameBins, type NumericProfile } from './numeric-profile.ts';

/** How two cumulative distributions of a number lie to each other, from samples (exactly) or from profiles (from below). */
export interface CdfComparison {
  readonly n: Sizes;
  /** The largest |F - G| that is known of: of profiles, at the edges of their bins only. */
  readonly largestGap: number;
  /** The stretches between neighbouring values or edges, and over each the integral of F - G. */
  readonly widths: readonly number[];
  readonly areas: readonly number[];
  /** The area between the curves below the first edge and above the last. */
  readonly tails: number;
}

function sortSample(values: readonly number[], side: string): Float64Array {
  values.forEach((value) => requireFinite(value, `a value ${side}`));
  return Float64Array.from(values).sort();
}

/** Two samples, exactly. Rows without a value are left out by the caller. Throws where a side is empty or a value is not finite. */
export function compareSamples(reference: readonly number[], current: readonly number[]): CdfComparison {
  const [n, m] = [reference.length, current.length];
  requireBothSides([n, m]);
  const [a, b] = [sortSample(reference, 'at training'), sortSample(current, 'in serving')];
  const widths: number[] = [];
  const areas: number[] = [];
  let largestGap = 0;
  let [i, j] = [0, 0];
  let value = Math.min(a[0] ?? Infinity, b[0] ?? Infinity);
  while (value < Infinity) {
    while (a[i] === value) i++;
    while (b[j] === value) j++;
    const next = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    const gap = (i * m - j * n) / (n * m);
    largestGap = Math.max(largestGap, Math.abs(gap));
    if (next < Infinity) {
      widths.push(next - value);
      areas.push(gap * (next - value));
    }
    value = next;
  }
  return { n: [n, m], largestGap, widths, areas, tails: 0 };
}

/** Of one side: the values up to each edge, and over each bin the integral of the number of values up to there. */
interface Cumulated {
  readonly n: number;
  readonly upTo: readonly number[];
  readonly integrals: readonly number[];
}

function cumulate({ edges, counts, excess, below, above }: NumericProfile): Cumulated {
  const upTo = [below.count];
  const integrals: number[] = [];
  counts.forEach((count, bin) => {
    const before = upTo[bin] ?? 0;
    const width = (edges[bin + 1] ?? NaN) - (edges[bin] ?? NaN);
    integrals.push((before + count) * width - (excess[bin] ?? NaN));
    upTo.push(before + count);
  });
  return { n: (upTo[counts.length] ?? 0) + above.count, upTo, integrals };
}

/**
 * Two profiles over the same bins. The curves' gap is known at the edges, and between them their area, which is that between the
 * distributions wherever they do not cross inside of a bin. So what follows from it never exceeds what the samples would show.
 */
export function compareProfiles(reference: NumericProfile, current: NumericProfile): CdfComparison {
  requireSameBins(reference, current);
  const [a, b] = [cumulate(reference), cumulate(current)];
  const [n, m] = [a.n, b.n];
  requireBothSides([n, m]);
  const edges = reference.edges;
  return {
    n: [n, m],
    largestGap: a.upTo.reduce((most, count, edge) => Math.max(most, Math.abs(count / n - (b.upTo[edge] ?? NaN) / m)), 0),
    widths: reference.counts.map((_count, bin) => (edges[bin + 1] ?? NaN) - (edges[bin] ?? NaN)),
    areas: a.integrals.map((integral, bin) => integral / n - (b.integrals[bin] ?? NaN) / m),
    tails:
      Math.abs(reference.below.excess / n - current.below.excess / m) + Math.abs(reference.above.excess / n - current.above.excess / m),
  };
}
