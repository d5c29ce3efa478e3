import type { TrialState } from '../search/next-step.ts';

/** `<run>.<number>`; the training on all rows after a comparison is `<run>.final`. */
export function trialIdOf(runId: string, { number, kind }: Pick<TrialState, 'number' | 'kind'>): string {
  return kind === 'final' && number > 1 ? `${runId}.final` : `${runId}.${number}`;
}
