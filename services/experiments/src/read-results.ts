/** `GET /v1/experiments/{name}/results`: from kept sums, no query over events. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { Experiment } from '@roofshot/contracts/resources/experiment-kinds';
import type { Resources } from '@roofshot/runtime/resources';
import type { Sql } from '@roofshot/storage/sql';
import { exposedIn } from './analysis/look-at-phase.ts';
import { analyseNow } from './analysis/watch-phase.ts';
import { fail } from './errors.ts';
import { OUTCOME_SERIES } from './join/count-unit.ts';
import type { Phase } from './phases/phase.ts';
import { latestPhase } from './phases/phase-store.ts';
import { readGuardrail, seriesOf } from './probation/look-at-guardrails.ts';
import { breachesOf, latestProbation } from './probation/probation-store.ts';
import type { Positions } from './progress/positions.ts';
import { readProgress } from './progress/read-progress.ts';
import { readSeries } from './sums/sums-store.ts';

export interface ResultNeeds {
  readonly sql: Sql;
  readonly resources: Resources;
  readonly positions: Positions;
}

/** Throws `not-found`. */
export async function readResults(needs: ResultNeeds, experiment: string): Promise<ExperimentResults> {
  const { sql, resources } = needs;
  const phase = await latestPhase(sql, experiment);
  if (phase === undefined && (await resources.find(Experiment, experiment)) === undefined) {
    throw fail('not-found', `There is no experiment ${experiment}. List all with GET /v1/experiments, or apply it first.`);
  }
  return {
    experiment,
    state: phase?.state ?? 'draft',
    phase: phase?.phase ?? 0,
    startedAt: phase === undefined ? null : iso(phase.startedAt),
    endsAt: phase === undefined ? null : iso(phase.endsAt),
    analysis: phase === undefined ? null : await currentAnalysis(needs, phase),
    decision: phase === undefined ? null : decisionOf(phase),
    probation: await currentProbation(sql, experiment),
    breaches: await breachesOf(sql, experiment),
  };
}

/** Of a decided phase: what it was decided on. Null while no unit was exposed. */
async function currentAnalysis({ sql, positions }: ResultNeeds, phase: Phase): Promise<ExperimentResults['analysis']> {
  if (phase.decision !== null) return phase.decision.analysis;
  const progressOf = await readProgress(sql, positions);
  const { deployment, frozen } = phase;
  const progress = progressOf({ deployment, outcomeTypes: [frozen.metric.source.outcome.eventType] });
  const series = await readSeries(sql, phase.scope);
  return exposedIn(phase, series) === 0 ? null : analyseNow(phase, series, progress);
}

function decisionOf({ decision, promotion, promotionDetail, frozen }: Phase): ExperimentResults['decision'] {
  if (decision === null) return null;
  if (promotion === null) return decision;
  const detail = promotionDetail ?? `The registry was asked to set ${frozen.alias} to version ${frozen.challenger}.`;
  return { ...decision, promotion: { state: promotion, detail } };
}

/** The newest one, also when it has ended. */
async function currentProbation(sql: Sql, experiment: string): Promise<ExperimentResults['probation']> {
  const probation = await latestProbation(sql, experiment);
  if (probation === undefined) return null;
  const { frozen, state, breach } = probation;
  const series = await readSeries(sql, probation.scope);
  return {
    model: frozen.model,
    version: frozen.version,
    state,
    since: frozen.since,
    outcomes: series.count(OUTCOME_SERIES),
    guardrails: frozen.guardrails.map((guardrail) => ({
      name: guardrail.name,
      limit: guardrail.max,
      ...readGuardrail(guardrail, series.total(seriesOf(guardrail))),
      breached: breach?.guardrail === guardrail.name,
    })),
  };
}

const iso = (time: number): string => new Date(time).toISOString();
