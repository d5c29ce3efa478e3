/** What the data lead to expect of a run, to stand beside what it found. Empty where nothing was said before. */
import { MAX_DAYS } from './wishes.ts';
import type { Scope } from './result.ts';

export interface Expectations {
  readonly firstVersion: string;
  readonly secondVersion: string;
  readonly effect: string;
  readonly significantSince: string;
  readonly decision: string;
  readonly seconds: string;
  readonly memory: string;
}

/** Measured on the raw rows of the week, by models and features outside the platform. */
const WEEK = {
  hubs: { first: '.58 ± .02, about .73', second: '.74 ± .02, about .55', effect: '−.17 ± .03, upper bound < −.10' },
  large: { first: '.59 ± .02, about .71', second: '.77 ± .02, about .49', effect: '−.21 ± .03, upper bound < −.10' },
} as const;

export function expectationsOf(scope: Scope): Expectations {
  const isWhole = scope.days === MAX_DAYS;
  const isOrdinary = isWhole && !scope.isLarge;
  return {
    ...(scope.permuted ? nothingToLearn() : signal(scope, isWhole)),
    // The bars are those of the run without flags.
    seconds: isOrdinary ? 'at most 240 s on two idle cores' : '',
    memory: isOrdinary ? 'at most 2,500 MB' : '',
  };
}

function signal({ isLarge, days }: Scope, isWhole: boolean): Omit<Expectations, 'seconds' | 'memory'> {
  const { first, second, effect } = isLarge ? WEEK.large : WEEK.hubs;
  const within = isWhole ? '' : ' over the whole week';
  return {
    firstVersion: first + within,
    secondVersion: second + within,
    effect: isWhole ? effect : `${effect}${within}; fewer days, a wider interval`,
    significantSince: `shown, but the rule asks for ${daysText(days)}`,
    decision: isWhole ? 'promote' : 'promote, where the days are enough',
  };
}

const nothingToLearn = (): Omit<Expectations, 'seconds' | 'memory'> => ({
  firstVersion: 'AUC about .50: the delays are other flights’',
  secondVersion: 'AUC about .50: the delays are other flights’',
  effect: 'around 0',
  significantSince: 'never',
  decision: 'keep',
});

export const daysText = (days: number): string => (days === MAX_DAYS ? 'the full week' : days === 1 ? 'one day' : `all ${days} days`);
