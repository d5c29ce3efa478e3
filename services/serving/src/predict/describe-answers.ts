/** What became of a question, in the words of the answer, of the log and of the exposures. */
import type { Prediction } from '@roofshot/contracts/http/serving';
import type { PreparedEndpoint } from '../deployments/endpoint.ts';
import type { SpoolEntry } from '../spool/entries.ts';
import type { Choice } from './choose-variant.ts';
import type { Question } from './questions.ts';
import type { KnownVector } from './read-vectors.ts';
import type { Score } from './score-rows.ts';

export interface Answered {
  readonly question: Question;
  readonly choice: Choice;
  readonly vector: KnownVector;
  readonly score: Score;
  readonly decision: string;
}

export interface Timings {
  readonly featuresMs: number;
  readonly computeMs: number;
}

type Served = SpoolEntry['served'][number];
type Exposure = SpoolEntry['exposed'][number];

/** One answer with what the caller, the log and the experiment are told of it. */
export function describeServed(endpoint: PreparedEndpoint, answered: Answered, timings: Timings): Served {
  const { question, choice, vector, score, decision } = answered;
  return {
    predictionId: question.predictionId,
    deployment: endpoint.name,
    unit: question.unit,
    asOf: question.asOfTime,
    entities: question.entities,
    context: question.context,
    featureService: endpoint.plan.name,
    featureServiceGeneration: endpoint.plan.generation,
    features: vector.features,
    statuses: vector.statuses,
    featureAgeSeconds: vector.featureAgeSeconds,
    degraded: vector.degraded,
    variant: choice.variant,
    ...choice.part,
    propensity: choice.propensity,
    model: endpoint.spec.model,
    version: score.version,
    fallback: score.fallback,
    score: score.score,
    decision,
    timings,
  };
}

export function predictionOf(served: Served): Prediction {
  const {
    predictionId,
    unit,
    score,
    decision,
    model,
    version,
    variant,
    experiment,
    fallback,
    featureAgeSeconds,
    degraded,
    statuses,
    timings,
  } = served;
  return {
    predictionId,
    unit,
    score,
    decision,
    model,
    version,
    variant,
    ...(experiment !== undefined && { experiment }),
    fallback,
    featureAgeSeconds,
    degraded,
    statuses,
    timings,
  };
}

/**
 * Said of every answer to a unit that takes part, also where the fallback had to answer for its variant: leaving those out would
 * compare the units of a variant that often fails with all units of one that never does.
 */
export function exposureOf({ question, choice }: Answered, deployment: string): Exposure | undefined {
  const { predictionId, unit, asOfTime } = question;
  const { part, variant, propensity } = choice;
  if (part === undefined) return undefined;
  return { asOf: asOfTime, data: { unit, ...part, variant, propensity, predictionId, deployment } };
}
