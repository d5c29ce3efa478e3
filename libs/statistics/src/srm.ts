import { binomialCdf, binomialProbability, binomialSurvival, chiSquareSurvival } from './distributions.ts';
import { requireCount, StatisticsError } from './errors.ts';
import { requireAlpha } from './interval.ts';

export interface SrmInput {
  /** Units seen in each arm. */
  readonly observed: readonly number[];
  /** The configured weights, or the expected counts where the weights changed; only their proportions matter. */
  readonly weights: readonly number[];
}

export interface SrmResult {
  readonly pValue: number;
  /** Pearson's chi-square, or the count of the first arm; null where units are in an arm that takes none. */
  readonly statistic: number | null;
  readonly mismatch: boolean;
}

/** A mismatch is rare and always serious, while the check is made at every look: hence the small error probability. */
export const SRM_ALPHA = 0.001;

/** Units in an arm of weight 0 need no test. */
const CERTAIN_MISMATCH: SrmResult = { pValue: 0, statistic: null, mismatch: true };
/** As in scipy: probabilities this close are equal, up to the rounding of the two sides. */
const TIE = 1 + 1e-7;

function requireSplit({ observed, weights }: SrmInput): void {
  if (observed.length !== weights.length || observed.length < 2) {
    throw new StatisticsError(
      'invalid-input',
      `${observed.length} counts and ${weights.length} weights are given; a split has as many weights as arms, at least 2.`,
    );
  }
  observed.forEach((count, arm) => requireCount(count, `the count of arm ${arm}`));
  const faulty = weights.find((weight) => !(weight >= 0 && weight < Infinity));
  if (faulty !== undefined || weights.every((weight) => weight === 0)) {
    throw new StatisticsError('invalid-input', `The weights ${weights.join(', ')} are no split: each is at least 0, and one is above.`);
  }
  if (observed.every((count) => count === 0)) {
    throw new StatisticsError('too-few-units', 'No unit has been seen in any arm yet, so there is no split to check.');
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Sample ratio mismatch: Pearson's chi-square of the counts against the configured weights, with one degree of freedom less than arms. */
export function testSrm(input: SrmInput, alpha: number = SRM_ALPHA): SrmResult {
  requireSplit(input);
  requireAlpha(alpha);
  const { observed, weights } = input;
  const [units, weight] = [total(observed), total(weights)];
  if (observed.some((count, arm) => count > 0 && weights[arm] === 0)) return CERTAIN_MISMATCH;
  const open = observed
    .map((count, arm) => ({ count, expected: ((weights[arm] ?? 0) / weight) * units }))
    .filter((arm) => arm.expected > 0);
  if (open.length < 2) return { pValue: 1, statistic: 0, mismatch: false };
  const statistic = total(open.map(({ count, expected }) => (count - expected) ** 2 / expected));
  const pValue = chiSquareSurvival(statistic, open.length - 1);
  return { pValue, statistic, mismatch: pValue < alpha };
}

/** The exact test for two arms: the probability of all splits that are no more probable than the observed one. */
export function testSrmExact(input: SrmInput, alpha: number = SRM_ALPHA): SrmResult {
  requireSplit(input);
  requireAlpha(alpha);
  const [first, second] = input.observed as [number, number];
  if (input.observed.length !== 2) {
    throw new StatisticsError(
      'invalid-input',
      `The exact test is for two arms, but ${input.observed.length} are given; use the chi-square test.`,
    );
  }
  const [w0, w1] = input.weights as [number, number];
  if ((w0 === 0 && first > 0) || (w1 === 0 && second > 0)) return CERTAIN_MISMATCH;
  const pValue = exactBinomial(first, first + second, w0 / (w0 + w1));
  return { pValue, statistic: first, mismatch: pValue < alpha };
}

function exactBinomial(k: number, n: number, p: number): number {
  const expected = n * p;
  if (k === expected) return 1;
  const limit = binomialProbability(k, n, p) * TIE;
  if (k < expected) {
    const mirror = firstWhere(Math.ceil(expected), n + 1, (i) => binomialProbability(i, n, p) <= limit);
    return Math.min(1, binomialCdf(k, n, p) + binomialSurvival(mirror - 1, n, p));
  }
  const mirror = firstWhere(-Math.floor(expected), 1, (i) => binomialProbability(-i, n, p) <= limit);
  return Math.min(1, binomialSurvival(k - 1, n, p) + binomialCdf(-mirror, n, p));
}

/** The first whole number in [from, to) where a condition holds that stays true once it is; `to` if there is none. */
function firstWhere(from: number, to: number, holds: (i: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
