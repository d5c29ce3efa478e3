import { audit } from '@roofshot/contracts/audit';
import { trainingRuns } from '@roofshot/contracts/training';
import type { Tx } from '@roofshot/messaging/handlers';
import { notifyChange } from '../changes.ts';
import { fail } from '../errors.ts';
import { metrics } from '../metrics.ts';
import { endRun, lockRun, type Run } from './run-store.ts';
import { trialIdOf } from './trial-id.ts';
import { listTrials } from './trial-store.ts';

/** Its processes end within seconds, wherever they run; finished trials are kept. Throws `not-found`, or `run-ended` for one that has ended otherwise. */
export async function cancelRun(tx: Tx, order: { runId: string; reason: string; requestedBy: string }): Promise<Run> {
  const { runId, reason, requestedBy } = order;
  const run = await lockRun(tx, runId);
  if (run === undefined) throw fail('not-found', `There is no training run ${runId}. List all with GET /v1/training-runs.`);
  if (run.state === 'cancelled') return run;
  if (run.state === 'finished' || run.state === 'failed') {
    throw fail('run-ended', `The training run ${runId} has ${run.state} already; there is nothing to cancel.`);
  }
  const running = (await listTrials(tx, runId)).filter(({ state }) => state === 'running');
  await endRun(tx, runId, { state: 'cancelled', because: reason });
  for (const trial of running) {
    const { number, params, metrics: logged, seconds } = trial;
    const data = { runId, trialId: trialIdOf(runId, trial), number, params, state: 'cancelled' as const, metrics: logged, seconds };
    tx.publish(trainingRuns, [{ type: 'trial.reported', subject: runId, data }]);
  }
  tx.publish(trainingRuns, [{ type: 'training-run.cancelled', subject: runId, data: { runId, job: run.job, reason } }]);
  const target = `TrainingRun/${runId}`;
  tx.publish(audit, [{ type: 'audit.recorded', data: { actor: requestedBy, action: 'cancel', target, reason, detail: { job: run.job } } }]);
  metrics['runs.ended'](1, { outcome: 'cancelled' });
  await notifyChange(tx);
  return { ...run, state: 'cancelled', because: reason };
}
