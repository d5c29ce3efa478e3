import { Type, type Static } from 'typebox';
import { Closed, defineResource } from '../define.ts';
import { Duration, Expression, Name, Probability } from '../ids.ts';

export const MetricSpec = Closed({
  type: Type.Literal('mean'),
  direction: Type.Union([Type.Literal('decrease'), Type.Literal('increase')]),
  /** The prediction that a unit met, and the later event that brings its outcome. */
  source: Closed({
    deployment: Name,
    outcome: Closed({
      eventType: Name,
      /** CEL for the unit on the outcome's event. Default: `subject`. */
      unit: Type.Optional(Expression),
    }),
  }),
  /** CEL over `decision`, `score` (of the prediction or of a shadow) and `outcome` (the event's data). */
  value: Expression,
  /** How long after the prediction an outcome may come; without one by then the unit is missing and left out. */
  maturity: Duration,
  /** CUPED: CEL over `features` and `context` as served: known before the answer, so no variant can move it. */
  covariate: Type.Optional(Expression),
});
export type MetricSpec = Static<typeof MetricSpec>;

/** Watched after a promotion, while the old champion stays as shadow. */
export const GuardrailSpec = Type.Union([
  Closed({
    name: Name,
    /** Share of served vectors that were degraded; breach when its one-sided lower bound is above `max`. */
    type: Type.Literal('degraded-share'),
    max: Probability,
    alpha: Type.Optional(Probability),
  }),
  Closed({
    name: Name,
    /**
     * metric(champion's decision) − metric(shadow's decision) on the same unit, turned round where the metric is to increase: above 0 is
     * worse. Breach when its one-sided sequential lower bound is above `max`.
     */
    type: Type.Literal('paired-metric'),
    metric: Name,
    max: Type.Number(),
    alpha: Type.Optional(Probability),
  }),
]);
export type GuardrailSpec = Static<typeof GuardrailSpec>;

export const ExperimentSpec = Closed({
  hypothesis: Type.Optional(Type.String()),
  deployment: Name,
  /** What is randomised, in words; a prediction's `unit` is its id. */
  unit: Type.String(),
  seed: Type.String({ minLength: 1 }),
  hashVersion: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(2)])),
  coverage: Type.Optional(Probability),
  /** `serves`: a variant of the deployment. Exactly one control. */
  variants: Type.Array(
    Closed({
      name: Name,
      serves: Name,
      weight: Probability,
      control: Type.Optional(Type.Boolean()),
    }),
    { minItems: 2, maxItems: 8 },
  ),
  metric: Name,
  /** Chosen before the start and fixed by it. */
  design: Closed({
    alpha: Type.Optional(Probability),
    /** Full stretch of exposures that the decision asks for, whatever is seen before. */
    duration: Duration,
    /** For the boundary that may be looked at any time: shown for benefit, stops for harm. */
    sequentialTuning: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    /** The decision promotes only when the interval's end that counts is beyond this (0: any improvement). */
    minimumEffect: Type.Optional(Type.Number({ minimum: 0 })),
    srmAlarm: Type.Optional(Probability),
  }),
  /** After a promotion. */
  probation: Type.Optional(Closed({ shadowAlias: Name, guardrails: Type.Array(GuardrailSpec) })),
});
export type ExperimentSpec = Static<typeof ExperimentSpec>;

export const Metric = defineResource('Metric', {
  plural: 'metrics',
  owner: 'experiments',
  spec: MetricSpec,
  order: 80,
  references: { '/source/deployment': 'Deployment', '/source/outcome/eventType': 'EventType' },
  description: 'A number per unit from what was decided and what happened.',
});
export const Experiment = defineResource('Experiment', {
  plural: 'experiments',
  owner: 'experiments',
  spec: ExperimentSpec,
  order: 90,
  references: { '/deployment': 'Deployment', '/metric': 'Metric', '/probation/guardrails/*/metric': 'Metric' },
  description: 'Variants of one deployment, compared on one metric by a design fixed at the start.',
});
