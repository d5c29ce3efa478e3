import { createHash } from 'node:crypto';
import type { DataOf } from '@roofshot/contracts/define';
import { TRAINING_DEFAULTS } from '@roofshot/contracts/resources/training-job';
import { trainingRuns, type TrainingLineage } from '@roofshot/contracts/training';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Static } from 'typebox';
import type { TrialState } from '../search/next-step.ts';
import { metrics } from '../metrics.ts';
import { endRun, type Run } from './run-store.ts';
import { trialIdOf } from './trial-id.ts';
import type { TrialModel } from './trial-store.ts';

export async function failRun(tx: Tx, { runId, job }: Run, reason: string): Promise<void> {
  await endRun(tx, runId, { state: 'failed', because: reason });
  tx.publish(trainingRuns, [{ type: 'training-run.failed', subject: runId, data: { runId, job, reason } }]);
  metrics['runs.ended'](1, { outcome: 'failed' });
}

/** `best`: the trial that won; `model`: trained with its parameters on all rows. */
export async function finishRun(tx: Tx, run: Run, best: TrialState, model: TrialModel): Promise<void> {
  const { runId, job } = run;
  const end = { best: best.number, metrics: best.metrics, artifact: model.artifact };
  const seconds = await endRun(tx, runId, { state: 'finished', because: sentenceOf(run, best), ...end });
  const data: DataOf<(typeof trainingRuns)['events'][2]> = {
    runId,
    job,
    model: run.model,
    ...model,
    params: best.params,
    metrics: best.metrics,
    lineage: lineageOf(run, best),
    seconds,
  };
  tx.publish(trainingRuns, [{ type: 'training-run.finished', subject: runId, data }]);
  metrics['runs.ended'](1, { outcome: 'finished' });
}

function sentenceOf({ spec }: Run, best: TrialState): string {
  if (spec.search === undefined) return 'Trained on all rows.';
  const { metric } = spec.search;
  return `Trial ${best.number} has the best ${metric}, ${best.metrics[metric]}; its parameters were trained on all rows.`;
}

function lineageOf({ runId, job, jobGeneration, spec, snapshot }: Run, best: TrialState): Static<typeof TrainingLineage> {
  if (snapshot === null) throw new Error(`The run ${runId} has ended without a snapshot.`);
  return {
    runId,
    job,
    jobGeneration,
    snapshot: snapshot.object,
    snapshotId: snapshot.snapshotId,
    snapshotRows: snapshot.rows,
    labelNotKnown: snapshot.labelNotKnown,
    featureService: snapshot.featureService,
    featureServiceGeneration: snapshot.featureServiceGeneration,
    trialId: trialIdOf(runId, best),
    code: createHash('sha256')
      .update(spec.code ?? '')
      .digest('hex'),
    seed: spec.seed ?? TRAINING_DEFAULTS.seed,
    imported: snapshot.imported,
  };
}
