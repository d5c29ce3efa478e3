/** What one unit counts for, from all that is known of it. Pure: the same state gives the same entries, and their difference is what changes. */
import type { Answer, OutcomeFact, ShadowAnswer } from './facts.ts';
import type { ProbationScope, Scope } from './scope.ts';
import { forgetLater, outcomeOf, type UnitState } from './unit-state.ts';
import type { CompiledMetric } from '../metrics-of-units.ts';
import type { Entry } from '../sums/series.ts';

/** Series of a phase, per variant. `exposed`, `valued` and `excluded` lie at the exposure, `value` at the outcome. */
export const exposedSeries = (variant: string): string => `exposed:${variant}`;
export const valuedSeries = (variant: string): string => `valued:${variant}`;
export const valueSeries = (variant: string): string => `value:${variant}`;
export const excludedSeries = (variant: string): string => `excluded:${variant}`;
/** Series of a probation: answers (1 where degraded), their outcomes, and differences to the shadow. */
export const SERVED_SERIES = 'served';
export const OUTCOME_SERIES = 'outcome';
export const pairedSeries = (metric: string): string => `paired:${metric}`;

export interface Counted {
  readonly state: UnitState;
  readonly entries: readonly Entry[];
}

export function countedFor(scope: Scope, state: UnitState): Counted {
  return scope.spec.kind === 'phase' ? countPhase(scope.compiled, state) : countProbation(scope.spec, scope.compiled, state);
}

function countPhase([metric]: readonly CompiledMetric[], state: UnitState): Counted {
  const { exposure, variants } = state;
  if (exposure === undefined || metric === undefined) return { state, entries: [] };
  const { at, variant, id } = exposure;
  // Which variant a unit of two variants belongs to cannot be known: it is told, and left out.
  if (variants.length > 1) return { state, entries: [{ s: excludedSeries(variant), at }] };
  const exposed = { s: exposedSeries(variant), at };
  const answer = state.answers.find((candidate) => candidate.id === id);
  const outcome = answer && outcomeOf(state, answer, metric);
  if (answer === undefined || outcome === undefined) return { state, entries: [exposed] };
  const y = metric.valueOf(answer, outcome.data);
  if (y === null) return { state, entries: [exposed] };
  const x = answer.covariate;
  const value = { s: valueSeries(variant), at: outcome.at, y, ...(x !== null && { x }) };
  return { state: forgetLater(state, answer, [outcome]), entries: [exposed, { s: valuedSeries(variant), at }, value] };
}

function countProbation(spec: ProbationScope, compiled: readonly CompiledMetric[], state: UnitState): Counted {
  const [answer] = state.answers;
  if (answer === undefined) return { state, entries: [] };
  const served = { s: SERVED_SERIES, at: answer.at, y: answer.degraded ? 1 : 0 };
  const outcomes = compiled.map((metric) => outcomeOf(state, answer, metric));
  const [first] = outcomes;
  const shadow = state.shadows.find(({ id, version }) => id === answer.id && version !== spec.version);
  const paired = compiled.flatMap((metric, index) => pairOf(metric, { answer, shadow, outcome: outcomes[index] }));
  const entries = [served, ...(first === undefined ? [] : [{ s: OUTCOME_SERIES, at: first.at }]), ...paired];
  const isComplete = shadow !== undefined && outcomes.every((outcome) => outcome !== undefined);
  return { state: isComplete ? forgetLater(state, answer, outcomes) : state, entries };
}

interface Pair {
  readonly answer: Answer;
  readonly shadow: ShadowAnswer | undefined;
  readonly outcome: OutcomeFact | undefined;
}

/** How much worse what was decided came out than what the shadow would have decided; turned round where more is better. */
function pairOf(metric: CompiledMetric, { answer, shadow, outcome }: Pair): Entry[] {
  if (shadow === undefined || outcome === undefined) return [];
  const own = metric.valueOf(answer, outcome.data);
  const other = metric.valueOf(shadow, outcome.data);
  if (own === null || other === null) return [];
  return [{ s: pairedSeries(metric.name), at: outcome.at, y: metric.direction === 'decrease' ? own - other : other - own }];
}
