/** A run as it is answered: with its trials, and always with why it waits. */
import type { RunAnswer } from '@roofshot/contracts/http/training';
import type { Queryable } from '@roofshot/storage/sql';
import { bestTrial } from '../search/next-step.ts';
import type { Run } from './run-store.ts';
import { trialIdOf } from './trial-id.ts';
import { listTrials, type Trial } from './trial-store.ts';

export async function describeRun(db: Queryable, run: Run): Promise<RunAnswer> {
  const trials = await listTrials(db, run.runId);
  const { runId, job, model, state, snapshot, metrics, artifact } = run;
  const best = run.best ?? bestTrial(trials, run.spec.search)?.number;
  const compared = trials.filter(({ kind }) => kind === 'validation' || run.spec.validation === undefined);
  return {
    runId,
    job,
    model,
    state,
    because: isEnded(state) ? run.because : await waitsFor(db, run, trials),
    ...(snapshot !== null && { snapshot }),
    trials: compared.map((trial) => ({
      trialId: trialIdOf(runId, trial),
      number: trial.number,
      state: trial.state,
      params: trial.params,
      metrics: trial.metrics,
      seconds: trial.seconds,
      best: trial.number === best,
      ...(trial.error !== null && { error: trial.error }),
    })),
    metrics,
    ...(artifact !== null && { artifact }),
  };
}

export function isEnded(state: RunAnswer['state']): boolean {
  return state === 'finished' || state === 'failed' || state === 'cancelled';
}

async function waitsFor(db: Queryable, run: Run, trials: readonly Trial[]): Promise<string> {
  if (run.state === 'waiting-for-snapshot') return `It waits for the features service to build its snapshot, ${run.snapshotId}.`;
  const running = trials.filter(({ state }) => state === 'running');
  const restarted = trials.reduce((sum, { restarts }) => sum + restarts, 0);
  const again = restarted === 0 ? '' : ` Lost processes were started again ${restarted === 1 ? 'once' : `${restarted} times`}.`;
  if (running.length === 0)
    return `It waits for free cores: ${await aheadOf(db, run)} trials of other runs are running or before it.${again}`;
  if (running.some(({ kind }) => kind === 'final')) return `The parameters of the best trial are trained on all rows.${again}`;
  return `${progressOf(run, trials, running.length)}${again}`;
}

function progressOf({ spec }: Run, trials: readonly Trial[], running: number): string {
  const ended = trials.filter(({ state }) => state === 'finished' || state === 'failed').length;
  const { search } = spec;
  const best = bestTrial(trials, search);
  const soFar = search === undefined || best === undefined ? '' : ` The best ${search.metric} so far: ${best.metrics[search.metric]}.`;
  return `${ended} of ${trials.length} trials have ended, ${running} ${running === 1 ? 'is' : 'are'} running.${soFar}`;
}

async function aheadOf(db: Queryable, { runId }: Run): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `SELECT count(*) AS n FROM training.trials JOIN training.runs USING (run_id)
     WHERE trials.state IN ('queued', 'running') AND run_id <> $1
       AND (trials.state = 'running' OR created_at < (SELECT created_at FROM training.runs WHERE run_id = $1))`,
    [runId],
  );
  return row?.n ?? 0;
}
