/** An attempt at a trial has ended: what becomes of the trial, and what its run does next. One transaction. */
import { trainingRuns } from '@roofshot/contracts/training';
import type { Tx } from '@roofshot/messaging/handlers';
import { notifyChange } from '../changes.ts';
import { nextStep } from '../search/next-step.ts';
import { failRun, finishRun } from './end-run.ts';
import { lockRun, type Run } from './run-store.ts';
import { trialIdOf } from './trial-id.ts';
import {
  endTrial,
  insertTrials,
  listTrials,
  requeueTrial,
  type Attempt,
  type Trial,
  type TrialEnd,
  type TrialModel,
} from './trial-store.ts';

export interface AttemptEnd {
  /** `lost`: the process ended without a word; worth another try. `released`: this service stops and gives the trial back. */
  readonly kind: 'finished' | 'failed' | 'lost' | 'released';
  /** What went wrong, and what to do about it. */
  readonly reason: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly model: TrialModel | null;
  /** Key of the log in the object store. */
  readonly log?: string;
}

/** False when the attempt had lost its lease: another process has the trial, or the run was cancelled. Then nothing is changed. */
export async function settleTrial(tx: Tx, attempt: Attempt, end: AttemptEnd): Promise<boolean> {
  const run = await lockRun(tx, attempt.runId);
  if (run?.state !== 'running') return false;
  const before = (await listTrials(tx, run.runId)).find(({ number }) => number === attempt.number);
  const isSettled = await settle(tx, run, attempt, { before, end });
  if (!isSettled) return false;
  await advance(tx, run);
  await notifyChange(tx);
  return true;
}

async function settle(
  tx: Tx,
  run: Run,
  attempt: Attempt,
  { before, end }: { before: Trial | undefined; end: AttemptEnd },
): Promise<boolean> {
  if (end.kind === 'released') return requeueTrial(tx, attempt, 0, end.log);
  const restarts = before?.restarts ?? 0;
  if (end.kind === 'lost' && restarts < run.maxRestarts) return requeueTrial(tx, attempt, 1, end.log);
  const judged = judge(run, before, end, restarts);
  const isEnded = await endTrial(tx, attempt, judged, end.log);
  if (isEnded && before !== undefined) report(tx, run, before, judged);
  return isEnded;
}

/** What the trial's row says of the end. */
function judge({ spec }: Run, before: Trial | undefined, end: AttemptEnd, restarts: number): TrialEnd {
  const { metrics, seconds, model } = end;
  const failed = (error: string): TrialEnd => ({ state: 'failed', metrics, seconds, error, model: null });
  if (end.kind === 'lost') return failed(`${end.reason} It was started ${restarts + 1} times in all.`);
  if (end.kind !== 'finished') return failed(end.reason);
  const wanted = before?.kind === 'validation' ? spec.search?.metric : undefined;
  if (wanted !== undefined && metrics[wanted] === undefined) {
    const logged = Object.keys(metrics).join(', ') || 'none';
    return failed(
      `The search compares trials by ${wanted}, and the trainer did not log it. It logged: ${logged}. Call run.log_metric("${wanted}", …).`,
    );
  }
  return { state: 'finished', metrics, seconds, error: null, model };
}

/** The training on all rows that follows a comparison is no trial of it. */
function report(tx: Tx, { runId, spec }: Run, trial: Trial, { state, metrics, seconds, error }: TrialEnd): void {
  if (trial.kind === 'final' && spec.validation !== undefined) return;
  const { number, params } = trial;
  const data = { runId, trialId: trialIdOf(runId, trial), number, params, state, metrics, seconds, ...(error !== null && { error }) };
  tx.publish(trainingRuns, [{ type: 'trial.reported', subject: runId, data }]);
}

async function advance(tx: Tx, run: Run): Promise<void> {
  const trials = await listTrials(tx, run.runId);
  const step = nextStep(trials, run.spec.search);
  if (step.kind === 'fail') return failRun(tx, run, step.reason);
  if (step.kind === 'train-final') {
    return insertTrials(tx, run.runId, [{ number: trials.length + 1, kind: 'final', params: step.best.params }]);
  }
  if (step.kind !== 'finish') return;
  const model = trials.find(({ number }) => number === step.final.number)?.model;
  if (model == null) throw new Error(`The trial ${trialIdOf(run.runId, step.final)} has finished without a model.`);
  await finishRun(tx, run, step.best, model);
}
