/** What the data lead to expect of a run, to stand beside what it found, and whether it was met. */
import type { Interval } from '@roofshot/contracts/experiments';
import type { Static } from 'typebox';
import { measure } from './report-words.ts';
import { MAX_DAYS } from './wishes.ts';
import type { Scope } from './result.ts';

export interface Expectation<T> {
  readonly text: string;
  isMet(found: T): boolean;
}

export interface Effect {
  readonly effect: number;
  readonly ci: Static<typeof Interval>;
}

export interface Expectations {
  readonly auc: readonly [Expectation<number>, Expectation<number>];
  readonly cost: readonly [Expectation<number>, Expectation<number>];
  readonly effect: Expectation<Effect>;
  readonly significantSince: Expectation<string | null>;
  readonly decision: Expectation<string>;
  /** The bars of the run without flags; there are none for others. */
  readonly seconds?: Expectation<number>;
  readonly memory?: Expectation<number>;
}

/** Measured on the raw rows of the week, by models and features outside the platform. */
const WEEK = {
  hubs: { auc: [0.58, 0.74], cost: [0.73, 0.55], effect: -0.17 },
  large: { auc: [0.59, 0.77], cost: [0.71, 0.49], effect: -0.21 },
} as const;
/** How far another training on the same rows may lie from it. */
const AUC_OFF = 0.02;
const COST_OFF = 0.05;
const EFFECT_OFF = 0.03;
/** One day's weather moves AUC and cost by about as much again. */
const FEWER_DAYS = 2;
/** A better version must be better by a margin, not by luck. */
const EFFECT_BOUND = -0.1;
/** Of no signal: four standard errors of a week's AUC. */
const CHANCE_OFF = 0.03;
const SECONDS = 240;
const MEMORY_MB = 2_500;

export function expectationsOf(scope: Scope): Expectations {
  const isWhole = scope.days === MAX_DAYS;
  return {
    ...(scope.permuted ? nothingToLearn() : signal(scope, isWhole)),
    ...(isWhole &&
      !scope.isLarge &&
      !scope.onServers && { seconds: atMost(SECONDS, 's on two idle cores'), memory: atMost(MEMORY_MB, 'MB') }),
  };
}

function signal({ isLarge, days }: Scope, isWhole: boolean): Omit<Expectations, 'seconds' | 'memory'> {
  const { auc, cost, effect } = isLarge ? WEEK.large : WEEK.hubs;
  const off = isWhole ? 1 : FEWER_DAYS;
  return {
    auc: [near(auc[0], off * AUC_OFF), near(auc[1], off * AUC_OFF)],
    cost: [near(cost[0], off * COST_OFF), near(cost[1], off * COST_OFF)],
    effect: isWhole ? weekEffect(effect) : overlapping(effect),
    significantSince: {
      text: `before the end; the rule still asks for ${daysText(days)}`,
      isMet: (since) => since !== null,
    },
    decision: isWhole ? among('promote') : among('promote', 'keep'),
  };
}

const nothingToLearn = (): Omit<Expectations, 'seconds' | 'memory'> => ({
  auc: [near(0.5, CHANCE_OFF), near(0.5, CHANCE_OFF)],
  cost: [unknown('no matter: nothing can be learnt'), unknown('no matter: nothing can be learnt')],
  effect: { text: 'the interval holds 0', isMet: ({ ci: [low, high] }) => (low ?? -Infinity) <= 0 && (high ?? Infinity) >= 0 },
  significantSince: { text: 'never', isMet: (since) => since === null },
  decision: among('keep'),
});

const near = (value: number, off: number): Expectation<number> => ({
  text: `${measure(value, 2)} ± ${measure(off, 2)}`,
  isMet: (found) => Math.abs(found - value) <= off,
});

const unknown = (text: string): Expectation<number> => ({ text, isMet: () => true });

const atMost = (most: number, unit: string): Expectation<number> => ({
  text: `at most ${measure(most, 0)} ${unit}`,
  isMet: (found) => found <= most,
});

function weekEffect(value: number): Expectation<Effect> {
  return {
    text: `${measure(value, 2)} ± ${measure(EFFECT_OFF, 2)}, upper bound below ${measure(EFFECT_BOUND, 2)}`,
    isMet: ({ effect, ci: [, high] }) => Math.abs(effect - value) <= EFFECT_OFF && high !== null && high < EFFECT_BOUND,
  };
}

/** Fewer days, a wider interval: it must hold something of what the week holds. */
function overlapping(value: number): Expectation<Effect> {
  const [from, to] = [value - EFFECT_OFF, value + EFFECT_OFF];
  return {
    text: `interval meets the week’s ${measure(value, 2)} ± ${measure(EFFECT_OFF, 2)}`,
    isMet: ({ ci: [low, high] }) => (low ?? -Infinity) <= to && (high ?? Infinity) >= from,
  };
}

function among(...decisions: readonly string[]): Expectation<string> {
  const [first = '', ...others] = decisions;
  const text = others.length === 0 ? first : `${first}; ${others.join(', ')} where the days are too few`;
  return { text, isMet: (decision) => decisions.includes(decision) };
}

export const daysText = (days: number): string => (days === MAX_DAYS ? 'the full week' : days === 1 ? 'one day' : `all ${days} days`);
