/** Requests and answers of the experiments service. */
import { Type, type Static } from 'typebox';
import { Analysis } from '../experiments.ts';
import { Name, Timestamp } from '../ids.ts';

/** `POST /v1/experiments/{name}/start`: draft → running. `at`: event time of the start (default now); exposures before it do not count. */
export const StartExperimentRequest = Type.Object({
  at: Type.Optional(Timestamp),
  requestedBy: Type.Optional(Type.String()),
});
export const StopExperimentRequest = Type.Object({
  reason: Type.String({ minLength: 1 }),
  requestedBy: Type.Optional(Type.String()),
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
    }),
  ]),
  probation: Type.Union([
    Type.Null(),
    Type.Object({
      model: Name,
      version: Type.Integer(),
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
