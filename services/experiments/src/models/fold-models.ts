/** The registry's moves of aliases: what started versions are, what became of promotions, and when a probation begins or ends. */
import type { EventOf, EventsOf } from '@roofshot/contracts/define';
import {
  PromoteModelVersion,
  type ModelAliasRemoved,
  type ModelVersionPromoted,
  type ModelVersionRolledBack,
  type modelVersions,
} from '@roofshot/contracts/models';
import type { EventBatch, Tx } from '@roofshot/messaging/handlers';
import { openScope } from '../join/scope-store.ts';
import type { Phase } from '../phases/phase.ts';
import { latestByDeployment, orderedPromotions, settlePromotion } from '../phases/phase-store.ts';
import { guardrailsOf, orderId, PROBATION_TILING, type FrozenProbation } from '../probation/probation.ts';
import { endOpenProbation, insertProbation } from '../probation/probation-store.ts';
import { moveAlias, versionOf } from './alias-store.ts';

type Promoted = EventOf<typeof ModelVersionPromoted>;
type RolledBack = EventOf<typeof ModelVersionRolledBack>;
type Removed = EventOf<typeof ModelAliasRemoved>;
type Move = Promoted | RolledBack | Removed;

const MOVES: readonly string[] = ['model-version.promoted', 'model-version.rolled-back', 'model-alias.removed'];
const isMove = (event: EventsOf<typeof modelVersions>): event is Move => MOVES.includes(event.type);

export async function foldModels({ events }: EventBatch<EventsOf<typeof modelVersions>>, tx: Tx): Promise<void> {
  for (const event of events) if (isMove(event)) await foldMove(event, tx);
}

async function foldMove(event: Move, tx: Tx): Promise<void> {
  const { model, alias, aliasRevision: revision } = event.data;
  const version = event.type === 'model-alias.removed' ? null : event.data.version;
  if (!(await moveAlias(tx, { model, alias, version, revision }))) return;
  await settlePromotions(event, version, tx);
  const phases = (await latestByDeployment(tx)).filter(({ frozen }) => frozen.model === model && frozen.alias === alias);
  for (const phase of phases) await moveProbation(event, phase, tx);
}

/** The registry promotes only what the order expected to be there: any other move comes before it and makes it refuse. */
async function settlePromotions({ data }: Move, version: number | null, tx: Tx): Promise<void> {
  for (const phase of await orderedPromotions(tx, data.model)) {
    const { alias, challenger } = phase.frozen;
    if (alias !== data.alias) continue;
    const where = version === null ? 'nothing' : `version ${version}`;
    if (version === challenger) await settlePromotion(tx, phase, 'done', `${alias} names version ${version}: ${data.reason}`);
    else
      await settlePromotion(tx, phase, 'refused', `${data.requestedBy} set ${alias} to ${where} before the promotion came: ${data.reason}`);
  }
}

async function moveProbation(event: Move, phase: Phase, tx: Tx): Promise<void> {
  await endOpenProbation(tx, phase.deployment, event.type === 'model-version.promoted' ? 'superseded' : 'rolled-back');
  // The first version of all has nothing to be compared with, and nothing to go back to.
  if (event.type !== 'model-version.promoted' || event.data.previous === null || phase.frozen.spec.probation === undefined) return;
  await openProbation(event, event.data.previous, phase, tx);
}

async function openProbation({ data, time, correlationid }: Promoted, previous: number, phase: Phase, tx: Tx): Promise<void> {
  const { experiment, deployment, frozen } = phase;
  const { probation } = frozen.spec;
  if (probation === undefined) return;
  const { version, model, alias, aliasRevision: revision } = data;
  const { shadowAlias } = probation;
  const common = { version, shadowAlias, tiling: PROBATION_TILING };
  const scope = await openScope(tx, { kind: 'probation', experiment, deployment, metrics: frozen.metrics, ...common });
  const details: FrozenProbation = {
    ...common,
    model,
    alias,
    revision,
    previous,
    since: time,
    correlationId: correlationid ?? null,
    guardrails: guardrailsOf(probation),
    outcomeTypes: [...new Set(frozen.metrics.map(({ spec }) => spec.source.outcome.eventType))],
  };
  await insertProbation(tx, {
    scope,
    experiment,
    deployment,
    state: 'open',
    frozen: details,
    looked: { served: 0, paired: 0 },
    breach: null,
  });
  await keepPreviousAsShadow(details, tx);
}

/** The old champion stays beside the new one for the probation, also when the promotion was made by hand. */
async function keepPreviousAsShadow(probation: FrozenProbation, tx: Tx): Promise<void> {
  const { model, shadowAlias, previous, version } = probation;
  if ((await versionOf(tx, model, shadowAlias)) === previous) return;
  tx.send(PromoteModelVersion, {
    commandId: orderId(probation, shadowAlias),
    model,
    version: previous,
    alias: shadowAlias,
    reason: `Version ${version} is on probation: version ${previous} stays beside it.`,
    requestedBy: 'experiments',
  });
}
