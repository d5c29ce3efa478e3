/** Requests and answers of ingestion. */
import { Type, type Static } from 'typebox';

export const Verdict = Type.Union([Type.Literal('accepted'), Type.Literal('duplicate'), Type.Literal('late'), Type.Literal('quarantined')]);
export type Verdict = Static<typeof Verdict>;

export const EventResult = Type.Object({
  id: Type.String(),
  verdict: Verdict,
  /** For `late` and `quarantined`: a stable word, a sentence, and where. */
  reason: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  path: Type.Optional(Type.String()),
});
export type EventResult = Static<typeof EventResult>;

/** 202 of `POST /v1/events`: a verdict per event, in order. */
export const EventsAnswer = Type.Object({
  accepted: Type.Integer(),
  duplicate: Type.Integer(),
  late: Type.Integer(),
  quarantined: Type.Integer(),
  results: Type.Array(EventResult),
});
export type EventsAnswer = Static<typeof EventsAnswer>;

/**
 * Header of `POST /v1/events`, for importers: every event with an earlier event time has been sent with this request or before.
 * Ingestion writes a control record into all partitions of the event types that declare their known time.
 */
export const PROGRESS_HEADER = 'roofshot-progress';

export const Ledger = Type.Object({
  types: Type.Record(
    Type.String(),
    Type.Object({
      received: Type.Integer(),
      accepted: Type.Integer(),
      duplicate: Type.Integer(),
      late: Type.Integer(),
      quarantined: Type.Integer(),
    }),
  ),
});
