/** Requests and answers of the quarantine: what ingestion refused, as a list of work. */
import { Type, type Static } from 'typebox';
import { Closed, Described } from '../define.ts';
import { Reason, Timestamp } from '../ids.ts';
import { PageLimit, Sought, TextOrNull } from './common.ts';
import { VERDICT, VERDICT_SUMS } from './ingestion.ts';

/** The id of a refusal: that of its record on `events-refused.v1`. */
export const RefusalId = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });

const RefusedAs = Type.Union([Type.Literal('quarantined'), Type.Literal('late')]);
const Status = Type.Union([Type.Literal('open'), Type.Literal('redriven'), Type.Literal('discarded')]);
export type QuarantineStatus = Static<typeof Status>;

/** The place of the last one before. */
const Cursor = Type.String({ pattern: '^[0-9]{1,18}$' });

/** What all of them have in common; what is left out may be anything. */
const Filter = {
  type: Type.Optional(Described(Sought, 'The event type that the sender named.')),
  reason: Type.Optional(Described(Sought, 'The word for it: schema, unknown-type, envelope, …')),
  verdict: Type.Optional(Described(RefusedAs, 'quarantined or late.')),
  writeKey: Type.Optional(Described(Sought, 'The id of the write key with which it came; (none): without one.')),
  source: Type.Optional(Described(Sought, 'The source that the sender named.')),
  path: Type.Optional(Described(Sought, 'JSON pointer to the fault, or to what holds it: /data finds /data/amount, too.')),
  eventId: Type.Optional(Described(Sought, 'The id that the sender gave.')),
  subject: Type.Optional(Described(Sought, 'The subject that the sender named.')),
  since: Type.Optional(Described(Timestamp, 'Received then or later.')),
  until: Type.Optional(Described(Timestamp, 'Received before.')),
};
export const QuarantineFilter = Closed(Filter);
export type QuarantineFilter = Static<typeof QuarantineFilter>;

const Listed = { ...Filter, status: Type.Union([Status, Type.Literal('any')], { default: 'open' }) };
export const QuarantineCountsQuery = Closed(Listed);
/** Personal data is shown only where it is asked for, and the audit tells who has. */
const Reveal = { reveal: Type.Boolean({ default: false }) };
export const RevealQuery = Closed(Reveal);

export const QuarantineQuery = Closed({
  ...Listed,
  ...Reveal,
  limit: PageLimit,
  /** `next` of the page before. */
  cursor: Type.Optional(Cursor),
});
export type QuarantineQuery = Static<typeof QuarantineQuery>;

/** What became of the last attempt to redrive it. */
export const RedriveOutcome = Type.Object({ at: Type.String(), by: Type.String(), ...VERDICT });
export type RedriveOutcome = Static<typeof RedriveOutcome>;

export const RefusedEvent = Type.Object({
  id: RefusalId,
  receivedAt: Type.String(),
  /** As the sender said; empty where it could not be read. */
  eventType: Type.String(),
  eventId: Type.String(),
  eventSource: Type.String(),
  subject: TextOrNull,
  /** The id of the write key with which it came. */
  writeKey: TextOrNull,
  correlationId: TextOrNull,
  verdict: RefusedAs,
  reason: Type.String(),
  detail: Type.String(),
  path: TextOrNull,
  /**
   * The event as it was sent, without personal data unless `reveal` asks for it; null where nothing of it may be told. In a list: null where
   * it is long; ask for the one by its id.
   */
  original: TextOrNull,
  originalBytes: Type.Integer(),
  /** False: only the beginning of what was sent is kept, or it was no text. It can only be replaced as a whole. */
  isWhole: Type.Boolean(),
  status: Status,
  /** How often it was tried again. */
  redrives: Type.Integer(),
  lastRedrive: Type.Union([RedriveOutcome, Type.Null()]),
  resolvedAt: TextOrNull,
});
export type RefusedEvent = Static<typeof RefusedEvent>;

/** `GET /v1/quarantine`, newest first. `next` is null on the last page. */
export const QuarantinePage = Type.Object({ events: Type.Array(RefusedEvent), next: TextOrNull });
export type QuarantinePage = Static<typeof QuarantinePage>;

/** `GET /v1/quarantine/counts`, the most frequent first. */
export const QuarantineCounts = Type.Object({
  total: Type.Integer(),
  counts: Type.Array(
    Type.Object({
      type: Type.String(),
      reason: Type.String(),
      verdict: RefusedAs,
      status: Status,
      events: Type.Integer(),
      oldest: Type.String(),
      newest: Type.String(),
    }),
  ),
});
export type QuarantineCounts = Static<typeof QuarantineCounts>;

/** RFC 6902. */
export const PatchOperation = Type.Object({
  op: Type.String(),
  path: Type.String({ maxLength: 2_000 }),
  from: Type.Optional(Type.String({ maxLength: 2_000 })),
  value: Type.Optional(Type.Unknown()),
});
export type PatchOperation = Static<typeof PatchOperation>;

/** Exactly one of both: which of the open ones. */
const Chosen = {
  filter: Type.Optional(Described(QuarantineFilter, 'All that match; {} is all.')),
  ids: Type.Optional(Described(Type.Array(RefusalId, { minItems: 1, maxItems: 1_000 }), 'These.')),
};

/** `POST /v1/quarantine/redrives`. */
export const RedriveRequest = Closed({
  ...Chosen,
  patch: Type.Optional(
    Described(Type.Array(PatchOperation, { minItems: 1, maxItems: 100 }), 'JSON Patch (RFC 6902) that repairs each event.'),
  ),
  as: Type.Optional(
    Described(Sought, 'The id of a write key in force, whose rights apply instead of those of the key with which each event came.'),
  ),
  dryRun: Type.Optional(Described(Type.Boolean(), 'Say what would become of them, and change nothing.')),
  limit: Type.Optional(Described(Type.Integer({ minimum: 1, maximum: 5_000 }), 'At most so many, oldest first. Default: 1,000.')),
  cursor: Type.Optional(Described(Cursor, '`next` of the answer before.')),
  reason: Type.Optional(Described(Reason, 'Why, for the audit.')),
});
export type RedriveRequest = Static<typeof RedriveRequest>;

export const RedriveResult = Type.Object({ id: RefusalId, eventId: Type.String(), eventType: Type.String(), ...VERDICT });
export type RedriveResult = Static<typeof RedriveResult>;

/** 200 of `POST /v1/quarantine/redrives`: a verdict for each, oldest first. */
export const RedriveAnswer = Type.Object({
  dryRun: Type.Boolean(),
  ...VERDICT_SUMS,
  results: Type.Array(RedriveResult),
  /** Of the ids that were asked for: those that are not open (any more). */
  notOpen: Type.Array(RefusalId),
  /** The cursor of what was not tried because of the limit; null: all was. */
  next: TextOrNull,
  /** Why it ended early; what has a result has it, `next` leads to the rest. */
  stopped: Type.Optional(Type.String()),
});
export type RedriveAnswer = Static<typeof RedriveAnswer>;

/** `POST /v1/quarantine/discards`: these need no work any more. */
export const DiscardRequest = Closed({
  ...Chosen,
  reason: Described(Reason, 'Why, for the audit.'),
});
export type DiscardRequest = Static<typeof DiscardRequest>;

export const DiscardAnswer = Type.Object({ discarded: Type.Integer(), notOpen: Type.Array(RefusalId) });
export type DiscardAnswer = Static<typeof DiscardAnswer>;
