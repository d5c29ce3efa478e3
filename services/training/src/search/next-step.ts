/** What a run does next, from the states of its trials. Pure. */
import type { SearchSpec } from '@roofshot/contracts/resources/training-job';
import type { Params } from './plan-trials.ts';

export interface TrialState {
  readonly number: number;
  readonly kind: 'validation' | 'final';
  readonly params: Params;
  readonly state: 'queued' | 'running' | 'finished' | 'failed' | 'cancelled';
  readonly metrics: Readonly<Record<string, number>>;
  readonly error: string | null;
}

export type NextStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'train-final'; readonly best: TrialState }
  | { readonly kind: 'finish'; readonly best: TrialState; readonly final: TrialState }
  | { readonly kind: 'fail'; readonly reason: string };

/** A search whose first trials all fail the same way has a fault in its code: the rest would fail, too. */
const HOPELESS = 3;

export function nextStep(trials: readonly TrialState[], search: SearchSpec | undefined): NextStep {
  const validations = trials.filter(({ kind }) => kind === 'validation');
  const final = trials.find(({ kind }) => kind === 'final');
  const best = bestTrial(validations, search);
  if (final !== undefined) return afterFinal(final, best ?? final);
  const failed = validations.filter(({ state }) => state === 'failed');
  const isOver = validations.every(({ state }) => state !== 'queued' && state !== 'running');
  if (best === undefined && (isOver || isHopeless(failed))) return { kind: 'fail', reason: reasonOf(failed, validations.length) };
  if (best === undefined || !isOver) return { kind: 'wait' };
  return { kind: 'train-final', best };
}

/** The finished trial with the best metric; of equals the first. Without a search: the finished trial. */
export function bestTrial(trials: readonly TrialState[], search: SearchSpec | undefined): TrialState | undefined {
  const finished = trials.filter(({ kind, state }) => kind === 'validation' && state === 'finished');
  if (search === undefined) return finished[0];
  const sign = search.direction === 'maximize' ? -1 : 1;
  const score = ({ metrics }: TrialState): number => sign * (metrics[search.metric] ?? Number.POSITIVE_INFINITY * sign);
  return finished.toSorted((a, b) => score(a) - score(b) || a.number - b.number)[0];
}

function afterFinal(final: TrialState, best: TrialState): NextStep {
  if (final.state === 'finished') return { kind: 'finish', best, final };
  if (final.state !== 'failed') return { kind: 'wait' };
  return { kind: 'fail', reason: final.error ?? 'The last training failed without a reason.' };
}

function isHopeless(failed: readonly TrialState[]): boolean {
  return failed.length >= HOPELESS && failed.every(({ error }) => error === failed[0]?.error);
}

function reasonOf(failed: readonly TrialState[], planned: number): string {
  const first = failed[0]?.error ?? 'No trial ended well.';
  if (planned === 1) return first;
  return failed.length === planned ? `All ${planned} trials failed. The first: ${first}` : `${failed.length} trials failed alike: ${first}`;
}
