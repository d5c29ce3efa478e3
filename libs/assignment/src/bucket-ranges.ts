/** Where a variant's units are: from (included) to (excluded), within [0, 1). */
export type BucketRange = readonly [from: number, to: number];

/** GrowthBook's tolerance for weights that do not quite add up to 1. */
export const WEIGHT_TOLERANCE = 0.01;

/**
 * The ranges of the variants, bit for bit as GrowthBook makes them: each variant starts where the weights before it end, and
 * takes the first `coverage` part of its own stretch, so raising the coverage never moves a unit to another variant.
 * Faulty input is replaced as GrowthBook replaces it: coverage is brought into [0, 1]; weights that are absent, of another
 * number, or do not add up to 1 within 0.01 become equal ones.
 */
export function bucketRanges(variants: number, coverage = 1, weights: readonly number[] | null = null): BucketRange[] {
  const covered = Math.min(1, Math.max(0, coverage));
  let start = 0;
  return usableWeights(variants, weights).map((weight) => {
    const range: BucketRange = [start, start + covered * weight];
    start += weight;
    return range;
  });
}

function usableWeights(variants: number, weights: readonly number[] | null): readonly number[] {
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? 0;
  if (weights?.length === variants && total >= 1 - WEIGHT_TOLERANCE && total <= 1 + WEIGHT_TOLERANCE) return weights;
  return Array.from({ length: variants }, () => 1 / variants);
}

/** The first variant whose range holds the number, or -1. */
export function chooseVariant(number: number, ranges: readonly BucketRange[]): number {
  return ranges.findIndex(([from, to]) => number >= from && number < to);
}
