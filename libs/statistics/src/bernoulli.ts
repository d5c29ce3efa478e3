import { requireCount, requirePositive, requireProbability, StatisticsError } from './errors.ts';
import { DEFAULT_ALPHA, requireAlpha, type Interval, type Side } from './interval.ts';
import { betaKernel, regularizedBeta } from './special.ts';

export interface BernoulliCounts {
  readonly successes: number;
  readonly n: number;
}

export interface BernoulliOptions {
  readonly side?: Side;
  /** The probability that the interval ever, at any look, leaves out the true share. 0.05 if not given. */
  readonly alpha?: number;
  /** The number of trials at which the interval is to be tightest; 1000 if not given. Fixed before the first look. */
  readonly tOpt?: number;
}

export interface BernoulliResult {
  readonly share: number;
  readonly ci: Interval;
}

/** Guardrails on shares are to fire within a thousand answers. */
export const DEFAULT_T_OPT = 1000;
/** Bisections until the bracket, at most 1 wide, is below the spacing of doubles near any share above 1e-15. */
const BISECTIONS = 100;
/** A prior is worth at least this many trials, however early it is tuned for. */
const LEAST_PRIOR = 1e-3;

/**
 * How many trials the prior is worth, so that the sequence is tightest near tOpt. For a normal mixture v/rho = k solves
 * k - ln(1 + k) = -2 ln alpha (Howard, Ramdas, McAuliffe & Sekhon 2021, section 3.5), here by fixed-point iteration; a beta prior
 * over the same range weighs tOpt/k trials, less the one that its own variance holds.
 */
function priorWeight(alpha: number, tOpt: number): number {
  const target = -2 * Math.log(alpha);
  let k = target + 1;
  for (let i = 0; i < BISECTIONS; i++) k = target + Math.log1p(k);
  return Math.max(tOpt / k - 1, LEAST_PRIOR);
}

interface Mixture {
  readonly weight: number;
  readonly oneSided: boolean;
}

/**
 * ln of the mixture likelihood ratio against the share p: the binomial likelihood averaged over a beta prior of mean p
 * and the given weight, cut off below p if one-sided, over the likelihood at p. Under p, and if one-sided under any
 * smaller share too, it is a non-negative supermartingale that starts at 1, and so exceeds 1/alpha with probability alpha at most.
 */
function logRatio({ successes, n }: BernoulliCounts, p: number, { weight, oneSided }: Mixture): number {
  const failures = n - successes;
  const [a, b] = [p * weight, (1 - p) * weight];
  const mixed = Math.log(betaKernel(a, b, p, 1 - p) / betaKernel(a + successes, b + failures, p, 1 - p));
  if (!oneSided) return mixed;
  return mixed + Math.log(regularizedBeta(b + failures, a + successes, 1 - p, p)) - Math.log(regularizedBeta(b, a, 1 - p, p));
}

/** The smallest share that the data do not speak against: below the observed share the ratio falls as p rises. */
function lowerEnd(counts: BernoulliCounts, threshold: number, mixture: Mixture): number {
  if (counts.successes === 0) return 0;
  let [low, high] = [0, counts.successes / counts.n];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (logRatio(counts, middle, mixture) >= threshold) low = middle;
    else high = middle;
  }
  return low;
}

interface Question {
  readonly mixture: Mixture;
  readonly threshold: number;
}

function askOf(
  { successes, n }: BernoulliCounts,
  { side = 'two-sided', alpha: given = DEFAULT_ALPHA, tOpt = DEFAULT_T_OPT }: BernoulliOptions,
): Question {
  requireCount(successes, 'the number of successes');
  requireCount(n, 'the number of trials');
  if (n === 0) throw new StatisticsError('too-few-units', 'There has been no trial yet, so there is no share to bound.');
  if (successes > n) {
    throw new StatisticsError('impossible-moments', `${successes} successes are more than the ${n} trials they come from.`);
  }
  const alpha = requireAlpha(given, side === 'two-sided' ? 1 : 0.5);
  requirePositive(tOpt, 'tOpt');
  const mixture = { weight: priorWeight(side === 'two-sided' ? alpha : 2 * alpha, tOpt), oneSided: side !== 'two-sided' };
  return { mixture, threshold: -Math.log(alpha) };
}

/**
 * A confidence sequence for a share (beta-binomial mixture; Robbins 1970, Howard et al. 2021): exact at every number of trials,
 * at every look. Side `greater` bounds the share from below (what a guardrail asks: is it surely above the limit?), `less` from above.
 */
export function boundShare(counts: BernoulliCounts, options: BernoulliOptions = {}): BernoulliResult {
  const { mixture, threshold } = askOf(counts, options);
  const side = options.side ?? 'two-sided';
  const failures = { successes: counts.n - counts.successes, n: counts.n };
  const low = side === 'less' ? null : lowerEnd(counts, threshold, mixture);
  const high = side === 'greater' ? null : 1 - lowerEnd(failures, threshold, mixture);
  return { share: counts.successes / counts.n, ci: [low, high] };
}

/** Whether `boundShare`'s lower end lies above the limit: the same answer from one look at the ratio, for whoever looks often. */
export function isShareAbove(counts: BernoulliCounts, limit: number, options: BernoulliOptions = {}): boolean {
  requireProbability(limit, 'the limit');
  const { mixture, threshold } = askOf(counts, options);
  if (options.side === 'less' || counts.successes <= limit * counts.n) return false;
  return limit === 0 || logRatio(counts, limit, mixture) >= threshold;
}
