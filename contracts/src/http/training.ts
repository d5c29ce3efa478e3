/** Requests and answers of the training service. */
import { Type, type Static } from 'typebox';
import { Name, Reason, RunId, Timestamp } from '../ids.ts';

/** `POST /v1/training-runs`: 202 with the run; the same `runId` again is the same run. */
export const StartRunRequest = Type.Object({
  runId: Type.Optional(RunId),
  job: Name,
  from: Timestamp,
  to: Timestamp,
  asOf: Type.Optional(Timestamp),
  reason: Type.Optional(Reason),
});
export const RunState = Type.Union([
  Type.Literal('waiting-for-snapshot'),
  Type.Literal('queued'),
  Type.Literal('running'),
  Type.Literal('finished'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
/** `GET /v1/training-runs/{runId}?wait=30s&until=ended`. */
export const RunAnswer = Type.Object({
  runId: RunId,
  job: Name,
  model: Name,
  state: RunState,
  /** Why it waits, failed or was cancelled. */
  because: Type.String(),
  snapshot: Type.Optional(Type.Unknown()),
  trials: Type.Array(
    Type.Object({
      trialId: Type.String(),
      number: Type.Integer(),
      state: Type.String(),
      params: Type.Record(Type.String(), Type.Unknown()),
      metrics: Type.Record(Type.String(), Type.Number()),
      seconds: Type.Number(),
      best: Type.Boolean(),
      /** Why it failed, and what to do about it. */
      error: Type.Optional(Type.String()),
    }),
  ),
  metrics: Type.Record(Type.String(), Type.Number()),
  artifact: Type.Optional(Type.String()),
});
export type RunAnswer = Static<typeof RunAnswer>;

/** `GET /v1/training-runs/{runId}/logs`: what trials wrote, an entry for each attempt that left something. */
export const RunLogs = Type.Object({
  items: Type.Array(Type.Object({ trialId: Type.String(), number: Type.Integer(), attempts: Type.Array(Type.String()) })),
});
/** `GET /v1/training-runs/{runId}/trials/{number}/metrics`, in the order of logging. */
export const MetricsAnswer = Type.Object({
  items: Type.Array(Type.Object({ name: Type.String(), value: Type.Number(), step: Type.Union([Type.Integer(), Type.Null()]) })),
});
