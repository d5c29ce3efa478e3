/** Requests and answers of ingestion. */
import { Type, type Static } from 'typebox';
import { Closed, Described } from '../define.ts';
import { Name } from '../ids.ts';
import { TextOrNull } from './common.ts';

export const Verdict = Type.Union([Type.Literal('accepted'), Type.Literal('duplicate'), Type.Literal('late'), Type.Literal('quarantined')]);
export type Verdict = Static<typeof Verdict>;

/** With `late` and `quarantined` there is a stable word, a sentence, and mostly where. */
export const VERDICT = {
  verdict: Verdict,
  reason: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  path: Type.Optional(Type.String()),
};
/** How many events got each. */
export const VERDICT_SUMS = { accepted: Type.Integer(), duplicate: Type.Integer(), late: Type.Integer(), quarantined: Type.Integer() };

export const EventResult = Type.Object({ id: Type.String(), ...VERDICT });
export type EventResult = Static<typeof EventResult>;

/** 202 of `POST /v1/events`: a verdict per event, in order. */
export const EventsAnswer = Type.Object({ ...VERDICT_SUMS, results: Type.Array(EventResult) });
export type EventsAnswer = Static<typeof EventsAnswer>;

/** 200 of Segment's calls: what a library of it looks at, and a verdict per message, in order. */
export const SegmentAnswer = Type.Object({ success: Type.Literal(true), ...EventsAnswer.properties });
export type SegmentAnswer = Static<typeof SegmentAnswer>;

/**
 * Header of `POST /v1/events`, for importers: every event with an earlier event time has been sent with this request or before.
 * Ingestion writes a control record into all partitions of the event types that declare their known time.
 */
export const PROGRESS_HEADER = 'roofshot-progress';

const Received = Type.Object({ received: Type.Integer(), ...VERDICT_SUMS });

/** `GET /v1/events/ledger`: by event type, and by the id of the write key (`(none)`: without one; `inbox`: written to `events-inbox.v1`) and event type. */
export const Ledger = Type.Object({
  types: Type.Record(Type.String(), Received),
  keys: Type.Record(Type.String(), Type.Record(Type.String(), Received)),
});

/** `POST /v1/write-keys`. What is left out is not limited. */
export const NewWriteKey = Closed({
  name: Described(Name, 'For people; one key in force has it.'),
  eventTypes: Type.Optional(Described(Type.Array(Type.String(), { minItems: 1 }), 'The only event types that it may send.')),
  mayImport: Type.Optional(
    Described(Type.Boolean(), 'It may send event types that carry their own known time (imports, replays). Default: it may not.'),
  ),
  eventsPerSecond: Type.Optional(
    Described(
      Type.Integer({ minimum: 1, maximum: 10_000_000 }),
      'More are refused with 429; a stream of lines is slowed down. Of each process.',
    ),
  ),
  eventsPerDay: Type.Optional(
    Described(
      Type.Integer({ minimum: 1, maximum: 1e12 }),
      'Received on a day (UTC), over all processes; more are refused with 429 until the next.',
    ),
  ),
  maxBodyBytes: Type.Optional(Described(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }), 'Of one request, unpacked.')),
});
export type NewWriteKey = Static<typeof NewWriteKey>;

export const WriteKeyAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  eventTypes: Type.Union([Type.Array(Type.String()), Type.Null()]),
  mayImport: Type.Boolean(),
  eventsPerSecond: Type.Union([Type.Integer(), Type.Null()]),
  eventsPerDay: Type.Union([Type.Integer(), Type.Null()]),
  maxBodyBytes: Type.Union([Type.Integer(), Type.Null()]),
  createdAt: Type.String(),
  revokedAt: TextOrNull,
  /** Received today (UTC). */
  eventsToday: Type.Integer(),
});
export type WriteKeyAnswer = Static<typeof WriteKeyAnswer>;

/** 201 of `POST /v1/write-keys`. `key` is told here and never again: only its hash is kept. */
export const CreatedWriteKey = Type.Object({ id: Type.String(), name: Type.String(), key: Type.String() });
export type CreatedWriteKey = Static<typeof CreatedWriteKey>;

/** One record on the log that names the traced id. */
export const TraceHop = Type.Object({
  /** When it came to lie on the log (the platform's clock), RFC 3339. */
  at: Type.String(),
  /** Event time, as the record says. */
  time: TextOrNull,
  topic: Type.String(),
  partition: Type.Integer(),
  offset: Type.Integer(),
  type: Type.String(),
  id: Type.String(),
  subject: TextOrNull,
  correlationId: TextOrNull,
  /** Where it names the id: `id`, `correlation`, `subject`, or a field of its data. */
  by: Type.String(),
  /** What it says, in a few words. */
  summary: Type.String(),
  /** The ids that its data name: predictionId, runId, … */
  ids: Type.Record(Type.String(), Type.String()),
});
export type TraceHop = Static<typeof TraceHop>;

/**
 * `GET /v1/events/trace/{id}`: every record of the log that names the id, oldest first. The log is read from its newest end, until
 * the time or the number of hops is used up: then `complete` is false and `notice` says how far back it was read.
 */
export const TraceAnswer = Type.Object({
  id: Type.String(),
  hops: Type.Array(TraceHop),
  complete: Type.Boolean(),
  notice: TextOrNull,
  /** Records that were looked at, and topics that they lay on. */
  records: Type.Integer(),
  topics: Type.Integer(),
});
export type TraceAnswer = Static<typeof TraceAnswer>;
