import { Type, type Static } from 'typebox';
import { Closed, defineResource, Described } from '../define.ts';
import { Duration, Expression, Name, Probability } from '../ids.ts';

export const EXPERIMENT_DEFAULTS = {
  hashVersion: 2,
  coverage: 1,
  alpha: 0.05,
  sequentialTuning: 5000,
  minimumEffect: 0,
  srmAlarm: 0.001,
} as const;
/** The guardrails of an experiment that set none of their own share this one. */
export const GUARDRAIL_ALPHA = 0.05;

const OutcomeSpec = Closed({
  eventType: Described(Name, 'The later event that brings the outcome.'),
  unit: Type.Optional(Described(Expression, 'The unit that it is about, over `data` and `subject` of that event.', 'subject')),
});

export const MetricSpec = Closed({
  type: Described(Type.Literal('mean'), 'The mean over units of what `value` says of each.'),
  direction: Described(Type.Union([Type.Literal('decrease'), Type.Literal('increase')]), 'Which way is better.'),
  source: Described(
    Closed({
      deployment: Described(Name, 'Whose answers are judged.'),
      outcome: Described(OutcomeSpec, 'What happened to the unit.'),
    }),
    'The answer that a unit met, and the later event that brings its outcome.',
  ),
  value: Described(
    Expression,
    "A number or a condition over `decision` and `score` (of the answer or of a shadow) and `outcome` (the event's data).",
  ),
  maturity: Described(Duration, 'How long after the answer an outcome may come; a unit without one by then is missing and left out.'),
  covariate: Type.Optional(
    Described(
      Expression,
      'A number over `features` and `context` as served: known before the answer, so no variant can move it. The effect that it adjusts (CUPED) is shown beside. Absent: none is.',
    ),
  ),
});
export type MetricSpec = Static<typeof MetricSpec>;

const GuardrailAlpha = Type.Optional(
  Described(Probability, `Error probability, above 0 and below 0.5. Absent: ${GUARDRAIL_ALPHA} divided by the number of guardrails.`),
);

export const GuardrailSpec = Type.Union([
  Closed({
    name: Described(Name, 'Each once in an experiment.'),
    type: Described(
      Type.Literal('degraded-share'),
      'The share of answers whose features were degraded: it is breached when its one-sided lower bound is above `max`.',
    ),
    max: Described(Probability, 'The greatest share that is no breach.'),
    alpha: GuardrailAlpha,
  }),
  Closed({
    name: Described(Name, 'Each once in an experiment.'),
    type: Described(
      Type.Literal('paired-metric'),
      "How much worse the champion's decisions are than the shadow's on the same units, by `metric`: it is breached when its one-sided sequential lower bound is above `max`.",
    ),
    metric: Described(Name, 'By which the two are compared; turned round where it is to increase, so that above 0 is worse.'),
    max: Described(Type.Number(), 'The greatest mean difference that is no breach.'),
    alpha: GuardrailAlpha,
  }),
]);
export type GuardrailSpec = Static<typeof GuardrailSpec>;

const VariantSpec = Closed({
  name: Described(Name, 'Each once in an experiment.'),
  serves: Described(Name, 'The variant of the deployment that answers the units of this one.'),
  weight: Described(Probability, 'Its share of the covered units, above 0; all of them add up to 1.'),
  control: Type.Optional(Described(Type.Boolean(), 'Whether the other is compared with it.', false)),
});

const DesignSpec = Closed({
  alpha: Type.Optional(Described(Probability, 'Error probability of the decision, above 0 and below 0.5.', EXPERIMENT_DEFAULTS.alpha)),
  duration: Described(Duration, 'The full stretch of exposures that the decision asks for, whatever is seen before.'),
  sequentialTuning: Type.Optional(
    Described(
      Type.Number({ exclusiveMinimum: 0 }),
      'The number of units at which the boundary that may be looked at any time is tightest: it is shown for benefit, and stops for harm.',
      EXPERIMENT_DEFAULTS.sequentialTuning,
    ),
  ),
  minimumEffect: Type.Optional(
    Described(
      Type.Number({ minimum: 0 }),
      'The decision promotes only when all of the interval is better by more than this; 0: any improvement will do.',
      EXPERIMENT_DEFAULTS.minimumEffect,
    ),
  ),
  srmAlarm: Type.Optional(
    Described(
      Probability,
      'Error probability of the sample ratio mismatch that makes the experiment invalid, above 0 and below 0.5.',
      EXPERIMENT_DEFAULTS.srmAlarm,
    ),
  ),
});

const ProbationSpec = Closed({
  shadowAlias: Described(Name, 'The alias that is given to the old champion, so that it stays to be compared with.'),
  guardrails: Described(Type.Array(GuardrailSpec), 'What is watched; the first breach takes the promotion back.'),
});

export const ExperimentSpec = Closed({
  hypothesis: Type.Optional(Described(Type.String(), 'What is expected and why, in words. Absent: nothing is said.')),
  deployment: Described(Name, 'Where the variants answer; one experiment of a deployment runs at a time.'),
  unit: Described(Type.String(), "What is randomised, in words; a prediction's `unit` is its id."),
  seed: Described(Type.String({ minLength: 1 }), 'Salt of the assignment: another seed shuffles the units anew.'),
  hashVersion: Type.Optional(
    Described(
      Type.Union([Type.Literal(1), Type.Literal(2)]),
      "Which of GrowthBook's hashes assigns; with 2 experiments on the same units do not disturb each other.",
      EXPERIMENT_DEFAULTS.hashVersion,
    ),
  ),
  coverage: Type.Optional(
    Described(
      Probability,
      'Share of the units that take part, above 0; the others get the default variant and are not counted.',
      EXPERIMENT_DEFAULTS.coverage,
    ),
  ),
  variants: Described(Type.Array(VariantSpec, { minItems: 2, maxItems: 8 }), 'Exactly one control and, so far, one treatment.'),
  metric: Described(Name, 'What decides; it is measured on the same deployment.'),
  design: Described(DesignSpec, 'How it is decided: chosen before the start and fixed by it.'),
  probation: Type.Optional(
    Described(ProbationSpec, 'What is watched after a promotion, while the old champion stays as shadow. Absent: nothing is.'),
  ),
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
