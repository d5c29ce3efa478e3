/** From events on the log to facts about units, for the scopes that are open. Pure. */
import type { EventOf } from '@roofshot/contracts/define';
import type { CloudEvent } from '@roofshot/contracts/envelope';
import type { ExposureRecorded, PredictionServed, ShadowScored } from '@roofshot/contracts/predictions';
import { happenedAt, type Fact } from './facts.ts';
import type { Scope } from './scope.ts';

export interface UnitFact {
  readonly scope: Scope;
  readonly unit: string;
  readonly fact: Fact;
}

type Prediction = EventOf<typeof PredictionServed>;
type Shadow = EventOf<typeof ShadowScored>;

/** Exposures of other phases, and those before the start or after the end, do not count. */
export function exposureFacts(scopes: readonly Scope[], events: readonly EventOf<typeof ExposureRecorded>[]): UnitFact[] {
  return events.flatMap((event) => {
    const { data } = event;
    const at = happenedAt(event);
    const scope = scopes.find(
      ({ spec }) =>
        spec.kind === 'phase' &&
        spec.experiment === data.experiment &&
        spec.phase === data.phase &&
        at >= spec.startedAt &&
        at < spec.endsAt,
    );
    if (scope === undefined) return [];
    return [{ scope, unit: data.unit, fact: { kind: 'exposure', at, id: data.predictionId, variant: data.variant } }];
  });
}

/** Answers and shadows' answers. A phase takes those that it assigned; a probation those of its version, and what its shadow says to any. */
export function predictionFacts(scopes: readonly Scope[], events: readonly (Prediction | Shadow)[]): UnitFact[] {
  return events.flatMap((event) =>
    event.type === 'prediction.served' ? answerFacts(scopes, event) : shadowFacts(scopes, event as Shadow),
  );
}

function answerFacts(scopes: readonly Scope[], event: Prediction): UnitFact[] {
  const { data } = event;
  return scopes
    .filter(({ spec }) =>
      spec.deployment !== data.deployment
        ? false
        : spec.kind === 'probation'
          ? spec.version === data.version
          : spec.experiment === data.experiment && spec.phase === data.phase,
    )
    .map((scope) => ({
      scope,
      unit: data.unit,
      fact: {
        kind: 'answer',
        at: happenedAt(event),
        id: data.predictionId,
        decision: data.decision,
        score: data.score,
        degraded: data.degraded,
        covariate: scope.compiled[0]?.covariateOf(data.features, data.context) ?? null,
      },
    }));
}

function shadowFacts(scopes: readonly Scope[], event: Shadow): UnitFact[] {
  const { data } = event;
  const { unit, predictionId: id, version, decision, score } = data;
  return scopes
    .filter(
      ({ spec }) =>
        spec.kind === 'probation' &&
        spec.deployment === data.deployment &&
        spec.shadowAlias === data.alias &&
        spec.version !== data.version,
    )
    .map((scope) => ({ scope, unit, fact: { kind: 'shadow', at: happenedAt(event), id, version, decision, score } }));
}

/** One event can be an outcome for several metrics, and tell each of another unit. */
export function outcomeFacts(scopes: readonly Scope[], eventType: string, events: readonly CloudEvent[]): UnitFact[] {
  const uses = scopes.flatMap((scope) =>
    scope.compiled.filter((metric) => metric.eventType === eventType).map((metric) => ({ scope, metric })),
  );
  return uses.flatMap(({ scope, metric }) =>
    events.flatMap((event): UnitFact[] => {
      const at = happenedAt(event);
      if (scope.spec.kind === 'phase' && at < scope.spec.startedAt) return [];
      const unit = metric.unitOf(event);
      if (unit === null) return [];
      const id = `${event.source} ${event.id}`;
      return [{ scope, unit, fact: { kind: 'outcome', at, id, metric: metric.name, data: metric.project(event.data) } }];
    }),
  );
}
