/** Takes an order: the run's row and the order of its snapshot, in one transaction. */
import { audit } from '@roofshot/contracts/audit';
import { BuildTrainingSnapshot } from '@roofshot/contracts/features';
import { TRAINING_DEFAULTS, TrainingJob, type TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import { trainingRuns } from '@roofshot/contracts/training';
import type { Tx } from '@roofshot/messaging/handlers';
import { parseDuration } from '@roofshot/runtime/durations';
import { suggest } from '@roofshot/runtime/nearest';
import type { DeclaredOf } from '@roofshot/runtime/resource-rules';
import type { Resources } from '@roofshot/runtime/resources';
import { currentContext } from '@roofshot/telemetry/context';
import { notifyChange } from '../changes.ts';
import { fail } from '../errors.ts';
import { planTrials } from '../search/plan-trials.ts';
import { queueTrials } from './queue-trials.ts';
import { findRun, insertRun, lockRun, type Run } from './run-store.ts';
import { fingerprintOf, snapshotIdOf } from './snapshot-fingerprint.ts';
import { insertSnapshot, lockSnapshot } from './snapshot-store.ts';

export interface StartOrder {
  readonly runId: string;
  readonly job: string;
  /** RFC 3339. */
  readonly from: string;
  readonly to: string;
  /** Default: now. */
  readonly asOf?: string | undefined;
  readonly reason: string;
  readonly requestedBy: string;
}

export interface StartNeeds {
  readonly resources: Resources;
  /** What is declared of a feature service now, with its views. */
  readonly definitionsOf: (featureService: string) => unknown;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly timeoutMs: number;
}

/** The run, new or as it is when the same order came before. Throws `not-found`, `invalid-order` or `other-run`. */
export async function startRun(tx: Tx, order: StartOrder, needs: StartNeeds): Promise<Run> {
  const known = await findRun(tx, order.runId);
  if (known !== undefined) return sameRun(known, order);
  const job = await findJob(tx, order.job, needs.resources);
  const range = readRange(order, job.spec, needs.now);
  const snapshot = await orderSnapshot(tx, job.spec, range, needs);
  const isNew = await insertRun(tx, { ...order, ...range, ...limitsOf(job, needs), snapshotId: snapshot.snapshotId, ...traceOf() });
  const run = await lockRun(tx, order.runId);
  if (run === undefined) throw new Error(`The run ${order.runId} was inserted and is not there.`);
  if (!isNew) return sameRun(run, order);
  announce(tx, run);
  if (snapshot.isBuilt) await queueTrials(tx, run);
  await notifyChange(tx);
  return (await findRun(tx, run.runId)) ?? run;
}

async function findJob(tx: Tx, name: string, resources: Resources): Promise<DeclaredOf<typeof TrainingJob>> {
  const job = await resources.find(TrainingJob, name, tx);
  if (job !== undefined) return job;
  const known = (await resources.list(TrainingJob, tx)).map(({ metadata }) => metadata.name);
  throw fail('not-found', `There is no TrainingJob named ${name}. ${suggest(name, known)} Apply it before you start a run of it.`);
}

function sameRun(run: Run, order: StartOrder): Run {
  const isSame =
    run.job === order.job &&
    run.from.getTime() === Date.parse(order.from) &&
    run.to.getTime() === Date.parse(order.to) &&
    (order.asOf === undefined || run.asOf.getTime() === Date.parse(order.asOf));
  if (isSame) return run;
  throw fail(
    'other-run',
    `The run ${run.runId} is another one: ${run.job} from ${run.from.toISOString()} to ${run.to.toISOString()} as of ${run.asOf.toISOString()}. Choose another runId.`,
  );
}

interface Range {
  readonly from: Date;
  readonly to: Date;
  readonly asOf: Date;
}

function readRange(order: StartOrder, spec: TrainingJobSpec, now: number): Range {
  const range = { from: new Date(order.from), to: new Date(order.to), asOf: new Date(order.asOf ?? now) };
  const length = range.to.getTime() - range.from.getTime();
  if (length <= 0) throw fail('invalid-order', `The range is empty: from ${order.from} must be before to ${order.to}.`);
  if (range.asOf.getTime() > now) {
    throw fail(
      'invalid-order',
      `asOf ${order.asOf} is in the future: what will be known then is not known yet. Leave it out, or name a past time.`,
    );
  }
  const held = spec.validation === undefined ? 0 : (parseDuration(spec.validation.last) ?? 0);
  if (held < length) return range;
  throw fail(
    'invalid-order',
    `The job holds out the last ${spec.validation?.last} and the range is not longer: nothing would be left to train on. Choose a longer range.`,
  );
}

async function orderSnapshot(
  tx: Tx,
  spec: TrainingJobSpec,
  range: Range,
  { definitionsOf }: StartNeeds,
): Promise<{ snapshotId: string; isBuilt: boolean }> {
  const fingerprint = fingerprintOf({ spec, ...range, definitions: definitionsOf(spec.featureService) });
  const known = await lockSnapshot(tx, fingerprint);
  if (known !== undefined && known.state !== 'failed') return { snapshotId: known.snapshotId, isBuilt: known.state === 'built' };
  const attempt = (known?.attempt ?? 0) + 1;
  const snapshotId = snapshotIdOf(fingerprint, attempt);
  await insertSnapshot(tx, snapshotId, fingerprint, attempt);
  const { featureService, observation, label } = spec;
  const [from, to, asOf] = [range.from, range.to, range.asOf].map((time) => time.toISOString()) as [string, string, string];
  tx.send(BuildTrainingSnapshot, { snapshotId, featureService, observation, label, from, to, asOf });
  return { snapshotId, isBuilt: false };
}

function limitsOf(
  { generation, spec }: DeclaredOf<typeof TrainingJob>,
  { timeoutMs }: StartNeeds,
): Pick<Run, 'jobGeneration' | 'spec' | 'parallel' | 'threads' | 'maxRestarts' | 'timeoutMs'> {
  return {
    jobGeneration: generation,
    spec,
    parallel: spec.resources?.parallelTrials ?? TRAINING_DEFAULTS.parallelTrials,
    threads: spec.resources?.threads ?? TRAINING_DEFAULTS.threads,
    maxRestarts: spec.maxRestarts ?? TRAINING_DEFAULTS.maxRestarts,
    timeoutMs: (spec.timeout === undefined ? undefined : parseDuration(spec.timeout)) ?? timeoutMs,
  };
}

function traceOf(): { correlationid: string; traceparent: string } {
  const { correlationId = '', traceparent = '' } = currentContext();
  return { correlationid: correlationId, traceparent };
}

function announce(tx: Tx, { runId, job, model, spec, snapshotId, reason, requestedBy }: Run): void {
  const data = { runId, job, model, trials: planTrials(spec).length, snapshotId };
  tx.publish(trainingRuns, [{ type: 'training-run.started', subject: runId, data }]);
  const target = `TrainingRun/${runId}`;
  tx.publish(audit, [{ type: 'audit.recorded', data: { actor: requestedBy, action: 'start', target, reason, detail: { job } } }]);
}
