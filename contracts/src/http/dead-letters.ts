/**
 * `/v1/dead-letters` of every service, and of the gateway for all of them: messages that could not be brought to their handler, and keys
 * that wait behind such a message. A letter's id is `<service>:<number>`, the same at every door.
 */
import { Type, type Static } from 'typebox';
import { Closed, Described } from '../define.ts';
import { Reason, Timestamp } from '../ids.ts';
import { PageLimit, Sought, TextOrNull } from './common.ts';

export const LetterId = Type.String({ pattern: '^[a-z][a-z0-9-]{0,60}:[1-9][0-9]{0,14}$' });

const Kind = Type.Union([Type.Literal('event'), Type.Literal('command')]);
const Service = Type.String({ pattern: '^[a-z][a-z0-9-]{0,60}$' });
const Cursor = Type.String({ minLength: 1, maxLength: 12_000, pattern: '^[A-Za-z0-9_-]*$' });
/** Changes of one request. */
const MOST = 1_000;

/** Which letters; what is left out may be anything. */
export const LetterFilter = Closed({
  service: Type.Optional(Described(Service, 'Whose handler could not take them.')),
  kind: Type.Optional(Described(Kind, 'event or command.')),
  topic: Type.Optional(Described(Sought, 'Events that lie on it.')),
  queue: Type.Optional(Described(Sought, 'Commands that came from it.')),
  type: Type.Optional(Described(Sought, 'The type of the event or command.')),
  error: Type.Optional(Described(Sought, 'The word for the failure, as the counts tell it.')),
  since: Type.Optional(Described(Timestamp, 'Failed last then or later.')),
  until: Type.Optional(Described(Timestamp, 'Failed last before.')),
});
export type LetterFilter = Static<typeof LetterFilter>;

/** `GET /v1/dead-letters`. */
export const LettersQuery = Closed({
  ...LetterFilter.properties,
  limit: PageLimit,
  cursor: Type.Optional(Described(Cursor, '`next` of the page before.')),
});
export type LettersQuery = Static<typeof LettersQuery>;

export const LetterFailure = Type.Object({
  /** A stable word: the code of a broken rule, the name of what was thrown, `contract`, `unreadable`, `unknown-type`, `rejected`, `crashed`. */
  code: TextOrNull,
  message: Type.String(),
});
export type LetterFailure = Static<typeof LetterFailure>;

/** What was written before this was recorded has nulls. */
export const DeadLetter = Type.Object({
  id: LetterId,
  service: Service,
  kind: Kind,
  /** `sent`: a command that was sent again and whose outcome is awaited. */
  state: Type.Union([Type.Literal('dead'), Type.Literal('sent')]),
  origin: Type.Union([
    Type.Object({ topic: Type.String(), partition: Type.Integer(), offset: Type.Integer(), group: Type.String() }),
    Type.Object({ queue: Type.String() }),
  ]),
  /** The event's or command's own id. */
  messageId: TextOrNull,
  type: TextOrNull,
  /** The ordering key of an event. */
  key: TextOrNull,
  error: LetterFailure,
  stack: TextOrNull,
  firstFailedAt: Type.String(),
  lastFailedAt: Type.String(),
  /** Tries that failed; of a command since it was sent last. */
  attempts: Type.Union([Type.Integer(), Type.Null()]),
  correlationId: TextOrNull,
  traceparent: TextOrNull,
  headers: Type.Record(Type.String(), Type.String()),
  /** JSON, or the text where it is none. */
  payload: Type.Unknown(),
});
export type DeadLetter = Static<typeof DeadLetter>;

export const LetterCount = Type.Object({
  service: Service,
  kind: Kind,
  type: TextOrNull,
  error: TextOrNull,
  letters: Type.Integer(),
});
export type LetterCount = Static<typeof LetterCount>;

/** What may be missing in an answer, and why. */
export const Notice = Type.Object({ service: Service, detail: Type.String() });
export type Notice = Static<typeof Notice>;

/** `complete` is false where a notice tells what may be missing. */
const WHOLE = { complete: Type.Boolean(), notices: Type.Array(Notice) };

/** The oldest first. */
export const LettersAnswer = Type.Object({
  items: Type.Array(DeadLetter),
  /** Over the whole filter, the most frequent first. */
  counts: Type.Array(LetterCount),
  /** Keys that wait behind a message: see `/v1/dead-letters/parked-keys`. */
  parkedKeys: Type.Integer(),
  next: TextOrNull,
  ...WHOLE,
});
export type LettersAnswer = Static<typeof LettersAnswer>;

/** `GET /v1/dead-letters/parked-keys`. */
export const ParkedKeysQuery = Closed({
  service: LetterFilter.properties.service,
  topic: LetterFilter.properties.topic,
  limit: PageLimit,
  cursor: LettersQuery.properties.cursor,
});
export type ParkedKeysQuery = Static<typeof ParkedKeysQuery>;

export const ParkedKey = Type.Object({
  service: Service,
  topic: Type.String(),
  key: Type.String(),
  /** Events that wait, the one that failed among them. */
  waiting: Type.Integer(),
  parkedAt: Type.String(),
  lastFailedAt: Type.String(),
  attempts: Type.Union([Type.Integer(), Type.Null()]),
  error: LetterFailure,
  stack: TextOrNull,
  /** The event that could not be handled; the others wait behind it. Null in the moment before an emptied key flows again. */
  head: Type.Union([
    Type.Object({
      partition: Type.Integer(),
      offset: Type.Integer(),
      messageId: TextOrNull,
      type: TextOrNull,
      correlationId: TextOrNull,
      traceparent: TextOrNull,
      headers: Type.Record(Type.String(), Type.String()),
      payload: Type.Unknown(),
    }),
    Type.Null(),
  ]),
});
export type ParkedKey = Static<typeof ParkedKey>;

export const ParkedKeysAnswer = Type.Object({ items: Type.Array(ParkedKey), next: TextOrNull, ...WHOLE });
export type ParkedKeysAnswer = Static<typeof ParkedKeysAnswer>;

const KeyName = { service: Service, topic: Sought, key: Type.String({ maxLength: 2_000 }) };
const Chosen = {
  ids: Type.Optional(Described(Type.Array(LetterId, { maxItems: MOST }), 'These letters.')),
  filter: Type.Optional(Described(LetterFilter, 'Or all that it means, the oldest first; {} means every letter.')),
  limit: Type.Optional(Described(Type.Integer({ minimum: 1, maximum: MOST }), 'With a filter: at most so many of each service.', 100)),
  dryRun: Type.Optional(Described(Type.Boolean(), 'Tell what would be done, and change nothing.', false)),
};

/** `POST /v1/dead-letters/redrives`: one of `ids`, `filter` and `keys`, or several. */
export const RedriveRequest = Closed({
  ...Chosen,
  keys: Type.Optional(Described(Type.Array(Closed(KeyName), { maxItems: MOST }), 'Parked keys, to be handled from their oldest event on.')),
  waitMs: Type.Optional(Described(Type.Integer({ minimum: 0, maximum: 30_000 }), 'So long the outcomes of commands are awaited.', 3_000)),
});
export type RedriveRequest = Static<typeof RedriveRequest>;

/** `POST /v1/dead-letters/purges`. Each letter and each skipped event leaves a record of the audit. */
export const PurgeRequest = Closed({
  ...Chosen,
  keys: Type.Optional(
    Described(
      Type.Array(Closed({ ...KeyName, partition: Type.Integer({ minimum: 0 }), offset: Type.Integer({ minimum: 0 }) }), { maxItems: MOST }),
      'Parked keys with the event behind which they wait: that event is thrown away, the others of the key are handled.',
    ),
  ),
  reason: Described(Reason, 'Why, for the audit.'),
});
export type PurgeRequest = Static<typeof PurgeRequest>;

/** What became of a letter; the sentences are in docs/dead-letters.md. */
export const LetterResult = Type.Object({
  id: Type.String(),
  outcome: Type.Union([
    Type.Literal('handled'),
    Type.Literal('sent'),
    Type.Literal('refused'),
    Type.Literal('held-back'),
    Type.Literal('unavailable'),
    Type.Literal('gone'),
    Type.Literal('would-redrive'),
    Type.Literal('would-be-refused'),
    Type.Literal('purged'),
    Type.Literal('would-purge'),
  ]),
  error: Type.Optional(LetterFailure),
});
export type LetterResult = Static<typeof LetterResult>;

export const KeyResult = Type.Object({
  service: Type.String(),
  topic: Type.String(),
  key: Type.String(),
  outcome: Type.Union([
    Type.Literal('flows'),
    Type.Literal('refused'),
    Type.Literal('unavailable'),
    Type.Literal('gone'),
    Type.Literal('moved-on'),
    Type.Literal('would-redrive'),
    Type.Literal('would-skip'),
  ]),
  /** Events of the key that were handled now. */
  handled: Type.Integer(),
  error: Type.Optional(LetterFailure),
});
export type KeyResult = Static<typeof KeyResult>;

/** Of both: in the order of the request. */
export const LettersChanged = Type.Object({
  results: Type.Array(LetterResult),
  keys: Type.Array(KeyResult),
  ...WHOLE,
});
export type LettersChanged = Static<typeof LettersChanged>;
