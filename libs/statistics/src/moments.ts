import { requireCount, requireFinite, StatisticsError } from './errors.ts';
import { addTerm, distance, divide, subtractQuotient, type Precise } from './exact.ts';

/**
 * Centred moments of one column: how many, their mean, and m2 = sum of (x - mean)^2.
 *
 * Merging is associative and commutative up to rounding: shards merged in any order agree to about 1e-15 of the standard
 * deviation in the mean (with its rest) and to 1e-13 of m2, also where the mean is 1e12 standard deviations (raw sums of squares
 * lose everything there).
 * Bit-equal results in any order come from sums that are exact, such as whole numbers below 2^53: keep those and use
 * `momentsFromSums`, which gives back every digit they hold.
 */
export interface Moments {
  readonly n: number;
  readonly mean: number;
  /**
   * What rounding took away from the mean; 0 if not given. Two arms a thousand million away from zero may differ by less than the
   * last digit of their means: with both rests their difference keeps all its digits.
   */
  readonly meanRest?: number;
  readonly m2: number;
}

/** The mean with twice the digits. */
export const preciseMean = ({ mean, meanRest = 0 }: Pick<Moments, 'mean' | 'meanRest'>): Precise => ({ value: mean, rest: meanRest });

/** Moments of an outcome y and its covariate x over the same units; cross = sum of (y - mean of y)(x - mean of x). */
export interface PairMoments {
  readonly n: number;
  readonly outcome: Moments;
  readonly covariate: Moments;
  readonly cross: number;
}

export interface Sums {
  readonly n: number;
  readonly sum: number;
  readonly sumSquares: number;
}

export const NO_MOMENTS: Moments = { n: 0, mean: 0, m2: 0 };
export const NO_PAIR_MOMENTS: PairMoments = { n: 0, outcome: NO_MOMENTS, covariate: NO_MOMENTS, cross: 0 };
/** A sum of squares is that of rounded terms; a deficit within this share of it is rounding, a greater one is a contradiction. */
const ROUNDING_SHARE = 1e-10;

/** One more value (Welford 1962), with a mean of twice the digits, so that an offset of all values costs none of theirs. */
export function addValue(moments: Moments, value: number): Moments {
  requireFinite(value, 'a value');
  const n = moments.n + 1;
  const before = preciseMean(moments);
  const difference = distance({ value, rest: 0 }, before);
  const step = difference / n;
  const { value: mean, rest: meanRest } = addTerm(before, step);
  return { n, mean, meanRest, m2: moments.m2 + difference * (difference - step) };
}

/** The moments of two disjoint sets of units together (Chan, Golub & LeVeque 1979). Nothing merged with x is x. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.n === 0) return b;
  if (b.n === 0) return a;
  const n = a.n + b.n;
  // From the larger side, so that a few units merged into many do not round the mean.
  const [large, small] = a.n >= b.n ? [a, b] : [b, a];
  const difference = distance(preciseMean(small), preciseMean(large));
  const { value: mean, rest: meanRest } = addTerm(preciseMean(large), difference * (small.n / n));
  return { n, mean, meanRest, m2: a.m2 + b.m2 + difference * difference * ((a.n * b.n) / n) };
}

/** One more unit with its outcome and covariate. */
export function addPair(moments: PairMoments, outcome: number, covariate: number): PairMoments {
  const merged = { outcome: addValue(moments.outcome, outcome), covariate: addValue(moments.covariate, covariate) };
  const fromMean = distance({ value: outcome, rest: 0 }, preciseMean(moments.outcome));
  const cross = moments.cross + fromMean * distance({ value: covariate, rest: 0 }, preciseMean(merged.covariate));
  return { n: moments.n + 1, ...merged, cross };
}

export function mergePairMoments(a: PairMoments, b: PairMoments): PairMoments {
  if (a.n === 0) return b;
  if (b.n === 0) return a;
  const n = a.n + b.n;
  const apart = (column: 'outcome' | 'covariate'): number => distance(preciseMean(b[column]), preciseMean(a[column]));
  const between = apart('outcome') * apart('covariate') * ((a.n * b.n) / n);
  return {
    n,
    outcome: mergeMoments(a.outcome, b.outcome),
    covariate: mergeMoments(a.covariate, b.covariate),
    cross: a.cross + b.cross + between,
  };
}

/**
 * From raw sums; sum^2/n is taken with twice the digits, so nothing is lost that the sums still hold.
 * Throws `impossible-moments` where the sum of squares is less than any values with this sum could have.
 */
export function momentsFromSums({ n, sum, sumSquares }: Sums): Moments {
  requireCount(n, 'n');
  requireFinite(sum, 'the sum');
  requireFinite(sumSquares, 'the sum of squares');
  if (n === 0) return requireNothing(sum, sumSquares);
  const m2 = requireInRange(subtractQuotient(sumSquares, sum, sum, n));
  if (!(m2 >= -ROUNDING_SHARE * sumSquares)) {
    throw new StatisticsError(
      'impossible-moments',
      `${n} values with the sum ${sum} have a sum of squares of at least ${(sum / n) * sum}, but it is given as ${sumSquares}. Check how the sums were made.`,
    );
  }
  const { value: mean, rest: meanRest } = divide(sum, n);
  return { n, mean, meanRest, m2: n === 1 ? 0 : Math.max(0, m2) };
}

function requireInRange(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new StatisticsError('out-of-range', 'The sums are so large that their products overflow; measure in a larger unit.');
}

function requireNothing(sum: number, sumSquares: number): Moments {
  if (sum === 0 && sumSquares === 0) return NO_MOMENTS;
  throw new StatisticsError('impossible-moments', `0 values have sums of 0, but ${sum} and ${sumSquares} are given.`);
}

/** From raw sums of the outcome, the covariate and their products. Throws `impossible-moments` also where |correlation| would exceed 1. */
export function pairMomentsFromSums(outcome: Sums, covariate: Sums, sumProducts: number): PairMoments {
  requireFinite(sumProducts, 'the sum of products');
  if (outcome.n !== covariate.n) {
    throw new StatisticsError(
      'impossible-moments',
      `The outcome has ${outcome.n} units and its covariate ${covariate.n}; both come from the same units.`,
    );
  }
  const n = outcome.n;
  const moments = { outcome: momentsFromSums(outcome), covariate: momentsFromSums(covariate) };
  if (n === 0) return NO_PAIR_MOMENTS;
  const cross = requireInRange(subtractQuotient(sumProducts, outcome.sum, covariate.sum, n));
  return { n, ...moments, cross: boundedCross(cross, moments.outcome.m2, moments.covariate.m2, outcome.sumSquares * covariate.sumSquares) };
}

/** Cauchy-Schwarz: |cross| <= sqrt(m2 of y times m2 of x), with the allowance for rounding in the raw sums. */
function boundedCross(cross: number, outcomeM2: number, covariateM2: number, squares: number): number {
  const most = Math.sqrt(outcomeM2) * Math.sqrt(covariateM2);
  if (Math.abs(cross) <= most + ROUNDING_SHARE * Math.sqrt(squares)) return Math.max(-most, Math.min(most, cross));
  throw new StatisticsError(
    'impossible-moments',
    `The centred sum of products is ${cross}, but with these sums of squares none can exceed ${most}. Check how the sums were made.`,
  );
}
