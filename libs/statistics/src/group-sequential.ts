import { normalSurvival, normalUpperQuantile } from './distributions.ts';
import { requirePositive, StatisticsError } from './errors.ts';
import { DEFAULT_ALPHA, requireAlpha } from './interval.ts';
import { legendreNodes, type Quadrature } from './quadrature.ts';

export type Spending = 'power_family' | 'obrien_fleming' | 'pocock';

export interface GroupSequentialOptions {
  /** The error probability over all looks; with two sides, that of |Z|. 0.05 if not given. */
  readonly alpha?: number;
  readonly sides?: 1 | 2;
  /** How fast alpha is spent; `power_family` if not given. */
  readonly spending?: Spending;
  /** The exponent of the power family; 2 if not given. */
  readonly phi?: number;
}

/** Beyond this many standard deviations a normal variable holds less than 1e-17. */
const EDGE = 8.6;
/** Gauss-Legendre with 12 nodes is exact to about 1e-14 over a step of the increments' standard deviation and a half. */
const NODES_PER_PANEL = 12;
const PANEL_WIDTH = 1.5;
const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
/** Newton's steps on a boundary are quadratic; the bound guards against rounding at the end. */
const MOST_STEPS = 60;
/** Two looks this close in information cannot be told apart in double precision. */
const LEAST_STEP = 1e-6;

/**
 * The part of alpha spent by information fraction t (Lan & DeMets 1983; Kim & DeMets 1987 for the power family). With two sides
 * each side spends half of alpha; only O'Brien-Fleming's function is not proportional to alpha, so only there it matters.
 */
export function spendAlpha(
  t: number,
  { alpha = DEFAULT_ALPHA, sides = 1, spending = 'power_family', phi = 2 }: GroupSequentialOptions,
): number {
  if (spending === 'pocock') return alpha * Math.log1p((Math.E - 1) * t);
  if (spending === 'power_family') return alpha * t ** phi;
  return 2 * sides * normalSurvival(normalUpperQuantile(alpha / sides / 2) / Math.sqrt(t));
}

function requireFractions(fractions: readonly number[]): void {
  const rising = fractions.every((t, look) => t - (fractions[look - 1] ?? 0) >= LEAST_STEP && t <= 1);
  if (rising && fractions.length > 0) return;
  throw new StatisticsError(
    'invalid-input',
    `The information fractions ${fractions.join(', ')} are no plan: they rise from above 0 to at most 1, by at least ${LEAST_STEP} a look.`,
  );
}

/** The sub-density of the score process S = Z sqrt(t) over the paths that have crossed no boundary yet. */
interface Survivors {
  readonly nodes: readonly number[];
  /** Density times quadrature weight. */
  readonly masses: readonly number[];
}

/**
 * Boundaries on Z for looks at these information fractions, which spend alpha as planned: Z > z[k] (or |Z| > z[k] with two
 * sides) at look k stops with exactly the planned error probability. Recursive integration (Armitage, McPherson & Rowe 1969;
 * Jennison & Turnbull 2000, chapter 19), to about 1e-9. Boundaries of looks already taken do not depend on later fractions.
 */
export function groupSequentialBounds(informationFractions: readonly number[], options: GroupSequentialOptions = {}): number[] {
  const alpha = requireAlpha(options.alpha ?? DEFAULT_ALPHA);
  const sides = options.sides ?? 1;
  requirePositive(options.phi ?? 2, 'phi');
  requireFractions(informationFractions);
  let survivors: Survivors = { nodes: [0], masses: [1] };
  let spent = 0;
  return informationFractions.map((t, look) => {
    const before = informationFractions[look - 1] ?? 0;
    const planned = spendAlpha(t, { ...options, alpha });
    const bound = findBound(survivors, { t, step: Math.sqrt(t - before), sides, spend: planned - spent });
    const next = (informationFractions[look + 1] ?? t + (t - before)) - t;
    survivors = surviveTo(survivors, { t, step: Math.sqrt(t - before), sides, bound, nextStep: Math.sqrt(next) });
    spent = planned;
    return bound;
  });
}

interface Look {
  readonly t: number;
  /** Standard deviation of the increment since the look before. */
  readonly step: number;
  readonly sides: 1 | 2;
}

/** Newton on the logarithm of the crossing probability, which is concave in the boundary. */
function findBound(survivors: Survivors, look: Look & { readonly spend: number }): number {
  const { spend, sides } = look;
  if (!(spend > 0))
    throw new StatisticsError(
      'out-of-range',
      'A look would spend less alpha than double precision can hold; leave out the earliest looks.',
    );
  let z = normalUpperQuantile(spend / sides);
  for (let i = 0; i < MOST_STEPS; i++) {
    const { probability, density } = crossing(survivors, look, z);
    const change = ((Math.log(probability) - Math.log(spend)) * probability) / density;
    z += change;
    if (Math.abs(change) < 1e-12 * (1 + Math.abs(z))) break;
  }
  return z;
}

function crossing(survivors: Survivors, { t, step, sides }: Look, z: number): { probability: number; density: number } {
  const root = Math.sqrt(t);
  let [probability, density] = [0, 0];
  survivors.nodes.forEach((s, i) => {
    const mass = survivors.masses[i]!;
    for (let side = 1; side >= 3 - 2 * sides; side -= 2) {
      const distance = (z * root - side * s) / step;
      probability += mass * normalSurvival(distance);
      density += (mass * Math.exp(-0.5 * distance * distance) * root) / step / SQRT_TWO_PI;
    }
  });
  return { probability, density };
}

function surviveTo(survivors: Survivors, look: Look & { readonly bound: number; readonly nextStep: number }): Survivors {
  const { t, step, sides, bound, nextStep } = look;
  const root = Math.sqrt(t);
  const high = Math.min(bound, EDGE) * root;
  const low = sides === 2 ? -high : -EDGE * root;
  const grid = panels(low, high, PANEL_WIDTH * Math.min(step, nextStep));
  const masses = grid.nodes.map((s, i) => (grid.weights[i]! * densityAt(s, survivors, step)) / step / SQRT_TWO_PI);
  return { nodes: grid.nodes, masses };
}

/** The hot loop: increments beyond the edge add nothing. */
function densityAt(s: number, { nodes, masses }: Survivors, step: number): number {
  let sum = 0;
  for (let j = 0; j < nodes.length; j++) {
    const distance = (s - nodes[j]!) / step;
    if (distance < EDGE && distance > -EDGE) sum += masses[j]! * Math.exp(-0.5 * distance * distance);
  }
  return sum;
}

function panels(low: number, high: number, width: number): Quadrature {
  const count = Math.max(1, Math.ceil((high - low) / width));
  const half = (high - low) / count / 2;
  const rule = legendreNodes(NODES_PER_PANEL);
  const centres = Array.from({ length: count }, (_, panel) => low + (2 * panel + 1) * half);
  return {
    nodes: centres.flatMap((centre) => rule.nodes.map((node) => centre + half * node)),
    weights: centres.flatMap(() => rule.weights.map((weight) => half * weight)),
  };
}
