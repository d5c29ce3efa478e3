/**
 * What is known about one unit in one scope. Facts may come in any order and more than once: the state after all of them is the same,
 * and so is what the unit counts for.
 */
import type { Answer, Exposure, Fact, OutcomeFact, ShadowAnswer, Timed } from './facts.ts';
import { isBefore } from './facts.ts';
import type { Entry } from '../sums/series.ts';

export interface UnitState {
  /** The first one. */
  readonly exposure?: Exposure;
  /** All variants that the unit met, sorted. More than one: it counts for none of them. */
  readonly variants: readonly string[];
  readonly answers: readonly Answer[];
  readonly shadows: readonly ShadowAnswer[];
  readonly outcomes: readonly OutcomeFact[];
  /** What has been counted for it. */
  readonly counted: readonly Entry[];
}

export const NOTHING: UnitState = { variants: [], answers: [], shadows: [], outcomes: [], counted: [] };

/** Things of one kind that are kept for one unit while their partners are not known yet: more are no unit but a whole population. */
export const MOST_CANDIDATES = 100;

/** The state with one more fact; the same object where the fact is not new. */
export function learn(state: UnitState, fact: Fact): UnitState {
  switch (fact.kind) {
    case 'exposure':
      return learnExposure(state, fact);
    case 'answer':
      return withList(state, 'answers', insert(state.answers, fact));
    case 'shadow':
      return withList(state, 'shadows', insert(state.shadows, fact));
    case 'outcome':
      return withList(state, 'outcomes', insert(state.outcomes, fact));
  }
}

function learnExposure(state: UnitState, fact: Exposure): UnitState {
  const isFirst = state.exposure === undefined || isBefore(fact, state.exposure);
  const isNewVariant = !state.variants.includes(fact.variant);
  if (!isFirst && !isNewVariant) return state;
  return {
    ...state,
    ...(isFirst && { exposure: fact }),
    variants: isNewVariant ? [...state.variants, fact.variant].sort() : state.variants,
  };
}

function withList<K extends 'answers' | 'shadows' | 'outcomes'>(state: UnitState, key: K, list: UnitState[K]): UnitState {
  return list === state[key] ? state : { ...state, [key]: list };
}

/** Keeps the list in order; the newest ones are kept when there are too many. The same list where the item is in it. */
function insert<T extends Timed & { readonly version?: number; readonly metric?: string }>(list: readonly T[], item: T): readonly T[] {
  const isKnown = list.some(({ id, version, metric }) => id === item.id && version === item.version && metric === item.metric);
  if (isKnown) return list;
  const at = list.findIndex((other) => isBefore(item, other));
  const longer = at < 0 ? [...list, item] : list.toSpliced(at, 0, item);
  return longer.length > MOST_CANDIDATES ? longer.slice(-MOST_CANDIDATES) : longer;
}

/** The first outcome of a metric within its window after the answer: answer ≤ outcome ≤ answer + maturity. */
export function outcomeOf(
  { outcomes }: UnitState,
  answer: Answer,
  { name, maturityMs }: { readonly name: string; readonly maturityMs: number },
): OutcomeFact | undefined {
  return outcomes.find(({ metric, at }) => metric === name && at >= answer.at && at <= answer.at + maturityMs);
}

/** Forgets what can no longer matter once the answer is known: exposures and answers that come to be known later can only be earlier ones. */
export function forgetLater(state: UnitState, answer: Answer, needed: readonly OutcomeFact[]): UnitState {
  const isNeeded = (outcome: OutcomeFact): boolean => {
    const used = needed.find(({ metric }) => metric === outcome.metric);
    return used === undefined || used === outcome || isBefore(outcome, used);
  };
  return {
    ...state,
    answers: state.answers.filter((other) => other === answer || isBefore(other, answer)),
    shadows: state.shadows.filter(({ at }) => at <= answer.at),
    outcomes: state.outcomes.filter(isNeeded),
  };
}
