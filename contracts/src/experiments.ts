/** What the experiments service says and hears. While an experiment runs it is the only source of allocation. */
import { Type, type Static } from 'typebox';
import { defineCommand, defineEvent, defineTopic } from './define.ts';
import { ModelName, ModelVersion, Name, Probability, Timestamp } from './ids.ts';

/** The one document that serving and flags evaluate with the same library (libs/assignment). */
export const AllocationDocument = Type.Object({
  experiment: Name,
  deployment: Name,
  /** Rises with each change of the allocation. */
  configVersion: Type.Integer({ minimum: 1 }),
  /** A stretch with one set of weights. */
  phase: Type.Integer({ minimum: 1 }),
  state: Type.Union([Type.Literal('running'), Type.Literal('stopped')]),
  /** What is randomised, in words: `flight`, `user`. */
  unit: Type.String(),
  seed: Type.String(),
  hashVersion: Type.Union([Type.Literal(1), Type.Literal(2)]),
  coverage: Probability,
  /** In hash order. `serves`: the deployment's variant that answers for it. */
  variants: Type.Array(Type.Object({ name: Name, serves: Name, weight: Probability }), { minItems: 2 }),
});
export type AllocationDocument = Static<typeof AllocationDocument>;

export const AssignmentChanged = defineEvent('assignment.changed', AllocationDocument);
/** Allocations in force. Compacted by experiment; folded from the start by serving. */
export const assignments = defineTopic('assignments.v1', {
  events: [AssignmentChanged],
  key: (event) => event.data.experiment,
  owner: 'experiments',
  retentionDays: 'forever',
  compacted: true,
  public: true,
  description: 'The allocation document of each experiment.',
});

/** An unbounded end is null. All differences are treatment − control. */
export const Interval = Type.Tuple([Type.Union([Type.Number(), Type.Null()]), Type.Union([Type.Number(), Type.Null()])]);
export const Analysis = Type.Object({
  experiment: Name,
  phase: Type.Integer(),
  metric: Name,
  /** Event time up to which outcomes are in. */
  asOf: Timestamp,
  /** By variant: exposed units that count. */
  units: Type.Record(Type.String(), Type.Integer()),
  /** Of them, those whose value is known. */
  valued: Type.Optional(Type.Record(Type.String(), Type.Integer())),
  /** Units that met two variants: left out of both. */
  excluded: Type.Optional(Type.Integer()),
  means: Type.Record(Type.String(), Type.Number()),
  effect: Type.Number(),
  ci: Interval,
  ciMethod: Type.String(),
  pValue: Type.Number(),
  cuped: Type.Union([
    Type.Object({
      effect: Type.Number(),
      ci: Interval,
      theta: Type.Number(),
      varianceReduction: Type.Number(),
    }),
    Type.Null(),
  ]),
  sequential: Type.Object({
    method: Type.String(),
    ci: Interval,
    pValue: Type.Number(),
  }),
  srm: Type.Object({
    pValue: Type.Number(),
    mismatch: Type.Boolean(),
    expected: Type.Record(Type.String(), Type.Number()),
  }),
  significantSince: Type.Union([Timestamp, Type.Null()]),
  /** Exposed units whose outcome is not known yet, and those whose window ended without one. */
  immature: Type.Integer(),
  missing: Type.Integer(),
});
export type Analysis = Static<typeof Analysis>;

export const ExperimentStarted = defineEvent(
  'experiment.started',
  Type.Object({
    experiment: Name,
    phase: Type.Integer(),
    configVersion: Type.Integer(),
    startedAt: Timestamp,
    endsAt: Timestamp,
    startedBy: Type.String(),
  }),
);
export const ExperimentAnalysed = defineEvent('experiment.analysed', Type.Object({ analyses: Type.Array(Analysis) }));
export const ExperimentDecided = defineEvent(
  'experiment.decided',
  Type.Object({
    experiment: Name,
    phase: Type.Integer(),
    decision: Type.Union([Type.Literal('promote'), Type.Literal('keep'), Type.Literal('stop-harm'), Type.Literal('invalid')]),
    /** The rule in words, with the numbers it saw. */
    because: Type.String(),
    analysis: Analysis,
    model: ModelName,
    champion: ModelVersion,
    challenger: ModelVersion,
    decidedAt: Timestamp,
  }),
);
export const ExperimentStopped = defineEvent(
  'experiment.stopped',
  Type.Object({
    experiment: Name,
    phase: Type.Integer(),
    reason: Type.String(),
    stoppedBy: Type.String(),
  }),
);
export const GuardrailBreached = defineEvent(
  'guardrail.breached',
  Type.Object({
    experiment: Name,
    guardrail: Name,
    deployment: Name,
    model: ModelName,
    version: ModelVersion,
    /** What was measured, its one-sided bound, and the limit. */
    estimate: Type.Number(),
    bound: Type.Number(),
    limit: Type.Number(),
    observations: Type.Integer(),
    /** Matured outcomes that had come in under this version's probation. */
    outcomes: Type.Integer(),
    breachedAt: Timestamp,
    because: Type.String(),
  }),
);
/** The life of experiments. Key: experiment. */
export const experiments = defineTopic('experiments.v1', {
  events: [ExperimentStarted, ExperimentAnalysed, ExperimentDecided, ExperimentStopped, GuardrailBreached],
  key: (event) => event.subject ?? 'experiments',
  owner: 'experiments',
  retentionDays: 'forever',
  public: true,
  description: 'Started, analysed, decided (once per phase), stopped; guardrails breached.',
});

export const StopExperiment = defineCommand('experiment.stop', {
  owner: 'experiments',
  schema: Type.Object({
    experiment: Name,
    phase: Type.Integer(),
    reason: Type.String(),
    requestedBy: Type.String(),
  }),
  id: (data) => `${data.experiment}/${data.phase}/stop`,
  description: 'Stop an experiment without a decision; all units get the default variant.',
});
