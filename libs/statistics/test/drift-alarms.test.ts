import { judgeDrift } from '../src/drift.ts';
import { layBins, type CountedValue } from '../src/drift/bins.ts';
import { profileCategories, type CountedCategory } from '../src/drift/category-profile.ts';
import { measureChiSquare, measureJensenShannon, measurePsi } from '../src/drift/divergence-measures.ts';
import { profileValues } from '../src/drift/numeric-profile.ts';
import { normalCdf } from '../src/distributions.ts';
import { uniformSource } from './vectors.ts';

const TRIALS = 60;
const uniform = uniformSource(77);

function normal(): number {
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Successes in n trials: by the gaps between them where there are few, else by the normal approximation. */
function drawBinomial(n: number, p: number): number {
  if (p > 0.5) return n - drawBinomial(n, 1 - p);
  if (n * p >= 30) return Math.max(0, Math.min(n, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * normal())));
  const scale = Math.log1p(-p);
  let successes = -1;
  for (let at = -1; at < n && p > 0; successes++) at += 1 + Math.floor(Math.log(uniform()) / scale);
  return Math.max(0, successes);
}

/** How often each of these probabilities comes up in n draws: a million cost as much as a hundred. */
function drawCounts(n: number, probabilities: readonly number[]): number[] {
  let [left, mass] = [n, 1];
  return probabilities.map((probability) => {
    const count = drawBinomial(left, Math.min(1, probability / mass));
    left -= count;
    mass -= probability;
    return count;
  });
}

const STEP = 0.1;
const GRID = Array.from({ length: 81 }, (_, index) => STEP * (index - 40));

/** Probabilities of a normal variable with standard deviation 1 and this mean, to one digit. */
function normalShares(mean: number): number[] {
  const cdf = (x: number): number => (x > 4 ? 1 : x < -4 ? 0 : normalCdf(x - mean));
  return GRID.map((value) => cdf(value + STEP / 2) - cdf(value - STEP / 2));
}

const NORMAL = new Map([0, 0.01, 0.5].map((mean) => [mean, normalShares(mean)]));

function drawNormal(n: number, mean: number): CountedValue[] {
  return drawCounts(n, NORMAL.get(mean) ?? []).map((count, index) => ({ value: GRID[index] ?? NaN, count }));
}

const WEIGHTS = Array.from({ length: 50 }, (_, index) => 1 / (index + 1));
const WEIGHT = WEIGHTS.reduce((sum, weight) => sum + weight, 0);
/** Of fifty categories, the k-th of which is as frequent as 1/k. */
const ZIPF = WEIGHTS.map((weight) => weight / WEIGHT);

function drawCategories(n: number): CountedCategory[] {
  return drawCounts(n, ZIPF).map((count, index) => ({ value: `c${index}`, count }));
}

interface Trial {
  readonly training: number;
  readonly serving: number;
  readonly shift?: number;
}

function firesOnNumbers({ training, serving, shift = 0 }: Trial): boolean {
  const reference = drawNormal(training, 0);
  const edges = layBins(reference);
  return judgeDrift(profileValues(edges, reference), profileValues(edges, drawNormal(serving, shift))).verdict !== 'none';
}

function firesOnCategories({ training, serving }: Trial): boolean {
  return judgeDrift(profileCategories(drawCategories(training)), profileCategories(drawCategories(serving))).verdict !== 'none';
}

function share(fires: (trial: Trial) => boolean, trial: Trial): number {
  return Array.from({ length: TRIALS }, () => fires(trial)).filter(Boolean).length / TRIALS;
}

const SIZES: Trial[] = [
  { training: 100, serving: 100 },
  { training: 100_000, serving: 100 },
  { training: 1000, serving: 1000 },
  { training: 100_000, serving: 10_000 },
  { training: 1_000_000, serving: 1_000_000 },
];

describe('drift that is judged sixty times', () => {
  test.each(SIZES)('is not found where there is none: $training rows at training, $serving in serving', (trial) => {
    expect(share(firesOnNumbers, trial)).toBe(0);
    expect(share(firesOnCategories, trial)).toBe(0);
  });

  test.each([
    { training: 1000, serving: 1000 },
    { training: 100_000, serving: 1000 },
    { training: 100_000, serving: 100_000 },
  ])('by half a standard deviation is found: $training rows at training, $serving in serving', (trial) => {
    expect(share(firesOnNumbers, { ...trial, shift: 0.5 })).toBeGreaterThanOrEqual(0.95);
  });

  test('by a hundredth of a standard deviation is none, though a million rows show it', () => {
    expect(share(firesOnNumbers, { training: 1_000_000, serving: 1_000_000, shift: 0.01 })).toBe(0);
  });
});

describe('the lower bound of an effect', () => {
  const ALPHA = 0.05;
  const DRAWS = 400;
  /** Three standard errors of a share of 5 % among the draws. */
  const SLACK = 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / DRAWS);
  /** Twenty-one categories, the first of which is seldom at training and thirty times as frequent in serving. */
  const [BEFORE, AFTER] = [0.001, 0.03].map((seldom) => [seldom, ...Array.from({ length: 20 }, () => (1 - seldom) / 20)]);

  test.each([
    { name: 'PSI', measure: measurePsi },
    { name: 'the Jensen-Shannon distance', measure: measureJensenShannon },
    { name: 'Cramer’s V', measure: measureChiSquare },
  ])('of $name is above the true one as seldom as is said, and not far below', ({ measure }) => {
    const counts = (n: number, shares: readonly number[] = []): number[] => shares.map((share) => Math.round(n * share));
    const truth = measure({ reference: counts(1e12, BEFORE), current: counts(1e12, AFTER) }).effect;
    const bounds = Array.from(
      { length: DRAWS },
      () => measure({ reference: drawCounts(10_000, BEFORE ?? []), current: drawCounts(10_000, AFTER ?? []) }, ALPHA).atLeast,
    );
    expect(bounds.filter((bound) => bound > truth).length / DRAWS).toBeLessThanOrEqual(ALPHA + SLACK);
    expect(bounds.reduce((sum, bound) => sum + bound, 0) / DRAWS).toBeGreaterThan(0.6 * truth);
  });
});
