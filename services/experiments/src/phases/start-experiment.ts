/** Draft → running: a phase with its design, its versions and its allocation, all fixed from here on. */
import { assignments, experiments } from '@roofshot/contracts/experiments';
import { audit } from '@roofshot/contracts/audit';
import { Experiment, Metric, type ExperimentSpec } from '@roofshot/contracts/resources/experiment-kinds';
import type { DeploymentSpec } from '@roofshot/contracts/resources/deployment';
import type { Tx } from '@roofshot/messaging/handlers';
import { parseDuration } from '@roofshot/runtime/durations';
import { suggest } from '@roofshot/runtime/nearest';
import type { Resources } from '@roofshot/runtime/resources';
import { currentContext } from '@roofshot/telemetry/context';
import { fail } from '../errors.ts';
import { openScope } from '../join/scope-store.ts';
import type { NamedMetric } from '../join/scope.ts';
import { versionOf } from '../models/alias-store.ts';
import { findDeployment, listDeployments } from '../models/fold-deployments.ts';
import { allocationOf, armsOf, tilingOf, type Frozen, type Phase } from './phase.ts';
import { insertPhase, latestPhase, runningOn } from './phase-store.ts';
import { saveStatus } from './status.ts';

export interface StartOrder {
  readonly experiment: string;
  /** Event time, epoch milliseconds. */
  readonly at: number;
  readonly requestedBy: string;
}

/** Throws `not-found`, `already-running`, `deployment-busy`, or `not-startable` with what is missing. Asked again with the same time it answers the same. */
export async function startExperiment(tx: Tx, resources: Resources, order: StartOrder): Promise<Phase> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`roofshot experiment ${order.experiment}`]);
  const resource = await resources.find(Experiment, order.experiment, tx);
  if (resource === undefined) throw fail('not-found', `There is no experiment ${order.experiment}. Apply it first.`);
  const previous = await latestPhase(tx, order.experiment);
  if (previous?.state === 'running') return requireSame(previous, order);
  await requireFree(tx, resource.spec);
  const frozen = await freeze(tx, resources, resource.spec, order);
  const phase = await open(tx, order, frozen, previous);
  await announce(tx, resources, phase);
  return phase;
}

function requireSame(running: Phase, { experiment, at }: StartOrder): Phase {
  if (running.startedAt === at) return running;
  throw fail(
    'already-running',
    `${experiment} already runs: phase ${running.phase}, since ${iso(running.startedAt)}. Stop it before you start a new phase.`,
    { phase: running.phase },
  );
}

async function requireFree(tx: Tx, { deployment }: ExperimentSpec): Promise<void> {
  const other = await runningOn(tx, deployment);
  if (other === undefined) return;
  throw fail(
    'deployment-busy',
    `${other.experiment} runs on ${deployment} already, and a unit can be in one of them only. Stop it, or wait for its decision.`,
    {
      experiment: other.experiment,
    },
  );
}

async function freeze(tx: Tx, resources: Resources, spec: ExperimentSpec, { experiment, at, requestedBy }: StartOrder): Promise<Frozen> {
  const deployment = await findDeployment(tx, spec.deployment);
  if (deployment === undefined) {
    throw fail(
      'not-startable',
      `${experiment} cannot start: there is no deployment ${spec.deployment}. ${suggest(spec.deployment, await listDeployments(tx))}`,
    );
  }
  const { control, treatment } = armsOf(spec);
  const metrics = await findMetrics(tx, resources, spec);
  const [primary] = metrics;
  if (primary === undefined) throw fail('not-startable', `${experiment} cannot start: there is no metric ${spec.metric}. Apply it first.`);
  const champion = await servedBy(tx, deployment, { experiment, deployment: spec.deployment, variant: control.serves });
  const challenger = await servedBy(tx, deployment, { experiment, deployment: spec.deployment, variant: treatment.serves });
  return {
    spec,
    metric: primary.spec,
    metrics,
    model: deployment.model,
    alias: champion.alias,
    champion: champion.version,
    challenger: challenger.version,
    startedBy: requestedBy,
    correlationId: currentContext().correlationId ?? null,
    tiling: tilingOf(at, parseDuration(spec.design.duration) ?? 0),
  };
}

/** The experiment's metric first; without it there is none at all. */
async function findMetrics(tx: Tx, resources: Resources, { metric, probation }: ExperimentSpec): Promise<NamedMetric[]> {
  const names = [
    metric,
    ...(probation?.guardrails ?? []).flatMap((guardrail) => (guardrail.type === 'paired-metric' ? [guardrail.metric] : [])),
  ];
  const found: NamedMetric[] = [];
  for (const name of new Set(names)) {
    const resource = await resources.find(Metric, name, tx);
    if (resource === undefined) throw fail('not-startable', `There is no metric ${name}. Apply it, then start again.`);
    found.push({ name, spec: resource.spec });
  }
  return found;
}

interface Served {
  readonly alias: string;
  readonly version: number;
}

/** The version that answers for a variant of the deployment now. */
async function servedBy(
  tx: Tx,
  { model, variants }: DeploymentSpec,
  { experiment, deployment, variant }: { readonly experiment: string; readonly deployment: string; readonly variant: string },
): Promise<Served> {
  const served = variants.find(({ name }) => name === variant);
  if (served === undefined) {
    const known = variants.map(({ name }) => name);
    throw fail('not-startable', `${experiment} cannot start: ${deployment} has no variant ${variant}. ${suggest(variant, known)}`);
  }
  const version = await versionOf(tx, model, served.alias);
  if (version !== null) return { alias: served.alias, version };
  throw fail(
    'not-startable',
    `${experiment} cannot start: the alias ${served.alias} of ${model}, by which the variant ${variant} of ${deployment} answers, names no version. Set it with PUT /v1/models/${model}/aliases/${served.alias}, then start again.`,
  );
}

async function open(tx: Tx, { experiment, at }: StartOrder, frozen: Frozen, previous: Phase | undefined): Promise<Phase> {
  const { spec, metric, tiling } = frozen;
  const phase = (previous?.phase ?? 0) + 1;
  const endsAt = at + (parseDuration(spec.design.duration) ?? 0);
  const metrics = [{ name: spec.metric, spec: metric }];
  const scope = await openScope(tx, {
    kind: 'phase',
    experiment,
    phase,
    deployment: spec.deployment,
    startedAt: at,
    endsAt,
    tiling,
    metrics,
  });
  const opened: Phase = {
    experiment,
    phase,
    scope,
    deployment: spec.deployment,
    state: 'running',
    configVersion: (previous?.configVersion ?? 0) + 1,
    startedAt: at,
    endsAt,
    frozen,
    publishedUntil: null,
    decision: null,
    promotion: null,
    promotionDetail: null,
  };
  await insertPhase(tx, opened);
  return opened;
}

async function announce(tx: Tx, resources: Resources, phase: Phase): Promise<void> {
  const { experiment, configVersion, frozen } = phase;
  const [startedAt, endsAt] = [iso(phase.startedAt), iso(phase.endsAt)];
  const { startedBy, champion, challenger, model } = frozen;
  tx.publish(assignments, [{ type: 'assignment.changed', subject: experiment, time: startedAt, data: allocationOf(phase) }]);
  const data = { experiment, phase: phase.phase, configVersion, startedAt, endsAt, startedBy };
  tx.publish(experiments, [{ type: 'experiment.started', subject: experiment, time: startedAt, data }]);
  const target = `Experiment/${experiment}`;
  const reason = `Phase ${phase.phase}: version ${challenger} of ${model} against version ${champion}.`;
  tx.publish(audit, [
    { type: 'audit.recorded', subject: target, data: { actor: startedBy, action: 'start', target, reason, detail: { startedAt, endsAt } } },
  ]);
  await saveStatus(tx, resources, phase);
}

const iso = (time: number): string => new Date(time).toISOString();
