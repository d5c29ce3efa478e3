/** Requests and answers of the experiments service. */
import { Type, type Static } from 'typebox';
import { Analysis } from '../experiments.ts';
import { Actor, Name, Reason, Timestamp } from '../ids.ts';
import { TextOrNull } from './common.ts';

/** `POST /v1/experiments/{name}/start`: draft → running. `at`: event time of the start (default now); exposures before it do not count. */
export const StartExperimentRequest = Type.Object({
  at: Type.Optional(Timestamp),
  requestedBy: Type.Optional(Actor),
});
export const StopExperimentRequest = Type.Object({
  reason: Reason,
  requestedBy: Type.Optional(Actor),
});

/** `GET /v1/experiments/{name}/results`: from kept moments, no query over events. */
export const ExperimentResults = Type.Object({
  experiment: Name,
  state: Type.Union([Type.Literal('draft'), Type.Literal('running'), Type.Literal('decided'), Type.Literal('stopped')]),
  phase: Type.Integer(),
  startedAt: Type.Union([Timestamp, Type.Null()]),
  endsAt: Type.Union([Timestamp, Type.Null()]),
  analysis: Type.Union([Analysis, Type.Null()]),
  decision: Type.Union([
    Type.Null(),
    Type.Object({
      decision: Type.String(),
      because: Type.String(),
      decidedAt: Timestamp,
      analysis: Analysis,
      /** Of a decision to promote: what became of it at the registry, which has the last word. */
      promotion: Type.Optional(
        Type.Object({ state: Type.Union([Type.Literal('ordered'), Type.Literal('done'), Type.Literal('refused')]), detail: Type.String() }),
      ),
    }),
  ]),
  probation: Type.Union([
    Type.Null(),
    Type.Object({
      model: Name,
      version: Type.Integer(),
      /** The newest probation stays to be seen after its end. */
      state: Type.Optional(
        Type.Union([Type.Literal('open'), Type.Literal('breached'), Type.Literal('superseded'), Type.Literal('rolled-back')]),
      ),
      since: Timestamp,
      outcomes: Type.Integer(),
      guardrails: Type.Array(
        Type.Object({
          name: Name,
          estimate: Type.Union([Type.Number(), Type.Null()]),
          bound: Type.Union([Type.Number(), Type.Null()]),
          limit: Type.Number(),
          observations: Type.Integer(),
          breached: Type.Boolean(),
        }),
      ),
    }),
  ]),
  breaches: Type.Array(Type.Unknown()),
});
export type ExperimentResults = Static<typeof ExperimentResults>;

/** `GET /v1/experiments/progress?wait=…`: held until everything that was on the log at the call is folded. */
export const ExperimentProgress = Type.Object({
  reached: Type.Boolean(),
  lag: Type.Integer(),
  progress: Type.Union([Timestamp, Type.Null()]),
});

/** `GET /v1/experiments/{name}/assignments/{unit}`: why this variant for this unit. */
export const AssignmentAnswer = Type.Object({
  experiment: Name,
  phase: Type.Integer(),
  configVersion: Type.Integer(),
  unit: Type.String(),
  /** By the allocation; null: the unit takes no part. */
  variant: Type.Union([Name, Type.Null()]),
  serves: Type.Union([Name, Type.Null()]),
  propensity: Type.Union([Type.Number(), Type.Null()]),
  /** The unit's number in [0, 1); null where nothing was hashed. */
  bucket: Type.Union([Type.Number(), Type.Null()]),
  /** A sentence. */
  because: Type.String(),
  /** What is known of the unit in this phase; null before its first exposure. */
  met: Type.Union([
    Type.Null(),
    Type.Object({
      variants: Type.Array(Name),
      firstExposedAt: Timestamp,
      predictionId: Type.String(),
      decision: TextOrNull,
      outcomeAt: Type.Union([Timestamp, Type.Null()]),
      value: Type.Union([Type.Number(), Type.Null()]),
    }),
  ]),
});
export type AssignmentAnswer = Static<typeof AssignmentAnswer>;

/** `POST /v1/statistics`: one method on its input; 422 where there is no honest answer, 400 for a faulty shape. */
export const StatisticsRequest = Type.Object({
  method: Type.String(),
  input: Type.Record(Type.String(), Type.Unknown()),
  options: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export const StatisticsAnswer = Type.Object({
  method: Type.String(),
  version: Type.String(),
  result: Type.Record(Type.String(), Type.Unknown()),
});
/** `GET /v1/statistics`: what can be asked. */
export const StatisticsMethods = Type.Object({
  methods: Type.Array(
    Type.Object({
      method: Type.String(),
      summary: Type.String(),
      formula: Type.String(),
      assumptions: Type.String(),
      reference: Type.String(),
      example: Type.Object({ input: Type.Unknown(), options: Type.Unknown(), result: Type.Unknown() }),
    }),
  ),
});
