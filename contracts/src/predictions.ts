/** What serving logs: what it knew and why it chose. */
import { Type } from 'typebox';
import { defineEvent, defineTopic } from './define.ts';
import { ModelName, ModelVersion, Name, Probability, Timestamp, UnitId } from './ids.ts';

/** Truthful status of a feature value. Names as Feast has them. */
export const FeatureStatus = Type.Union([
  Type.Literal('PRESENT'),
  Type.Literal('NULL_VALUE'),
  Type.Literal('NOT_FOUND'),
  Type.Literal('OUTSIDE_MAX_AGE'),
]);

const FeatureScalar = Type.Union([Type.Number(), Type.String(), Type.Boolean()]);
/** A number where the feature is one of a model; texts, truth values and lists are possible too. */
export const FeatureValue = Type.Union([FeatureScalar, Type.Null(), Type.Array(FeatureScalar)]);

export const PredictionServed = defineEvent(
  'prediction.served',
  Type.Object({
    /** Names the question, not the event: asked again under the same id, it is answered and logged again (see `predictions`). */
    predictionId: Type.String(),
    deployment: Name,
    unit: UnitId,
    /** The time for which the question was asked: event time of the prediction. */
    asOf: Timestamp,
    entities: Type.Record(Type.String(), Type.String()),
    context: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()])),
    featureService: Name,
    featureServiceGeneration: Type.Integer(),
    /** The whole vector of the feature service, by full name `role__feature`, whatever the variant's model uses. */
    features: Type.Record(Type.String(), FeatureValue),
    /** Only what is not PRESENT. */
    statuses: Type.Record(Type.String(), FeatureStatus),
    /** asOf − progress of the stored values: how much event time they may miss, in seconds. */
    featureAgeSeconds: Type.Number(),
    /** Some value is absent (NOT_FOUND) or older than the deployment's `maxFeatureAge`. */
    degraded: Type.Boolean(),
    /** The variant that the allocation assigned (kept also when the fallback answered), or the default variant. */
    variant: Name,
    experiment: Type.Optional(Name),
    phase: Type.Optional(Type.Integer()),
    configVersion: Type.Optional(Type.Integer()),
    propensity: Probability,
    model: ModelName,
    /** The version that answered; null for the declared constant of the fallback. */
    version: Type.Union([ModelVersion, Type.Null()]),
    fallback: Type.Boolean(),
    /** Probability of the positive class. */
    score: Probability,
    /** The first decision whose condition holds, else `none`. */
    decision: Type.String(),
    timings: Type.Object({
      featuresMs: Type.Number(),
      computeMs: Type.Number(),
    }),
  }),
);
/** The same vector scored by a version that never answers. */
export const ShadowScored = defineEvent(
  'shadow.scored',
  Type.Object({
    predictionId: Type.String(),
    deployment: Name,
    unit: UnitId,
    asOf: Timestamp,
    alias: Name,
    model: ModelName,
    version: ModelVersion,
    score: Probability,
    decision: Type.String(),
  }),
);
/**
 * Every answer and every shadow's answer. Key: unit. Kept 90 days.
 * A question asked again under its `predictionId` (a client that did not hear the answer) is answered and logged again, under event ids
 * of its own and perhaps with another answer. Readers that count take the first event of a `predictionId` (of a shadow: and version)
 * in the order of the log; one unit's events are in one partition.
 */
export const predictions = defineTopic('predictions.v1', {
  events: [PredictionServed, ShadowScored],
  key: (event) => event.data.unit,
  owner: 'serving',
  retentionDays: 90,
  public: true,
  description:
    'What was asked, what was known, what was answered and why; and what shadows would have answered. A question asked again under its predictionId is logged again: readers that count take the first of each predictionId.',
});

export const ExposureRecorded = defineEvent(
  'exposure.recorded',
  Type.Object({
    unit: UnitId,
    experiment: Name,
    phase: Type.Integer({ minimum: 1 }),
    variant: Name,
    propensity: Probability,
    configVersion: Type.Integer({ minimum: 1 }),
    predictionId: Type.String(),
    deployment: Name,
  }),
);
/** Which unit met which variant. One unit's exposures stay in order. Kept 90 days. Repeats under one `predictionId` as in `predictions`. */
export const exposures = defineTopic('exposures.v1', {
  events: [ExposureRecorded],
  key: (event) => event.data.unit,
  owner: 'serving',
  retentionDays: 90,
  public: true,
  description:
    'An answer that a variant influenced has left. Shadows never expose. A question asked again under its predictionId exposes again: readers that count take the first of each predictionId.',
});
