/** Streams that ingestion owns: the users' own accepted events, and what was refused. */
import { Type } from 'typebox';
import { defineEvent, defineTopic, defineTopicFamily, OTHERS, type EventDefinition } from './define.ts';
import { Name, SubjectId, Timestamp } from './ids.ts';

/**
 * `events.<type>`: a user's accepted events, exactly as sent plus `knowntime`, `traceparent` and `correlationid`.
 * Key: subject, so one subject's events stay in order. Also carries `source.progressed` control records, and `event.erased` in the places of events whose subject was erased. Where the platform stamps the
 * known times (live streams), these rise from record to record of a partition.
 */
export const acceptedEvents = defineTopicFamily('events.', {
  owner: 'ingestion',
  retentionDays: 'forever',
  public: true,
  description:
    "The users' own accepted events, one topic per event type. Read by features, experiments and other teams. Readers skip the types `source.progressed` (control records) and `event.erased` (the place of an event whose subject was erased).",
});

/**
 * CloudEvents that other teams write themselves, for ingestion to take as it takes those that come by HTTP. One partition's are taken in
 * their order, so a producer keys them as it wants them ordered: by the subject. Kept a week, which is how long ingestion may be away.
 */
export const eventsInbox = defineTopic('events-inbox.v1', {
  events: [] as readonly EventDefinition[],
  key: (event) => event.subject ?? '',
  owner: OTHERS,
  retentionDays: 7,
  public: true,
  description:
    'Written by other teams, heard by ingestion: one CloudEvent in each record, in binary mode (attributes in headers `ce_<name>`, data as JSON, ' +
    'or in the Confluent wire format as Avro or JSON) or structured (`content-type: application/cloudevents+json`). What is accepted goes to `events.<type>`, ' +
    'the rest to `events-refused.v1`.',
});

/** The topic of an event type. */
export const topicOf = (eventType: string): string => `${acceptedEvents.prefix}${eventType}`;

const Refused = {
  /** The event type that the sender named; empty when it could not be read. */
  eventType: Type.String(),
  eventId: Type.String(),
  eventSource: Type.String(),
  /** A stable word for machines: `schema`, `unknown-type`, `envelope`, `json`, `known-time`, `event-time`, `too-late`, `too-large`, `not-allowed`, `avro`, `unknown-schema`. */
  reason: Type.String(),
  /** What is wrong and what to do, for people. */
  detail: Type.String(),
  /** JSON pointer to the faulty value in the event. */
  path: Type.Optional(Type.String()),
  /** The event as it was sent, JSON text, so that nothing is lost and it can be sent again. */
  original: Type.String(),
};
export const EventQuarantined = defineEvent('event.quarantined', Type.Object(Refused));
export const EventLate = defineEvent('event.late', Type.Object({ ...Refused, delaySeconds: Type.Number() }));

/** What was not accepted, with the reason. Key: subject (event id where there is none). Kept 30 days. */
export const refusedEvents = defineTopic('events-refused.v1', {
  events: [EventQuarantined, EventLate],
  key: (event) => event.subject ?? event.data.eventId,
  owner: 'ingestion',
  retentionDays: 30,
  public: true,
  description: 'Every event that was quarantined or came too late, with reason, schema path and the original.',
});

export const EventTypeChanged = defineEvent(
  'event-type.changed',
  Type.Object({
    name: Name,
    generation: Type.Integer({ minimum: 1 }),
    importer: Type.Boolean(),
    deleted: Type.Boolean(),
    /** What of its data is personal: marks (`x-pii`) in the schema, and JSON pointers. Null: nothing; absent: not said (by versions before). */
    personal: Type.Optional(
      Type.Union([Type.Null(), Type.Object({ schema: Type.Record(Type.String(), Type.Unknown()), pointers: Type.Array(Type.String()) })]),
    ),
  }),
);
/** Which event types exist. Compacted by event type; folded from the start by readers. */
export const eventTypes = defineTopic('event-types.v1', {
  events: [EventTypeChanged],
  key: (event) => event.data.name,
  owner: 'ingestion',
  retentionDays: 'forever',
  compacted: true,
  public: true,
  description: 'The declared event types, newest declaration per name.',
});

/** Payload of the control record `source.progressed` (see envelope.ts). In a live stream `eventTime` is a known time. */
export const SourceProgressed = defineEvent('source.progressed', Type.Object({ eventTime: Timestamp, source: SubjectId }));

export const StreamAdvanced = defineEvent(
  'stream.advanced',
  Type.Object({
    eventType: Name,
    after: Timestamp,
    until: Timestamp,
  }),
);
/**
 * How far live streams are known in which nothing happens: no event of the type has a known time after `after` and up to `until`. It
 * says nothing of what came until `after`: whoever has read a `source.progressed` of that time in a partition has read all of that.
 * Compacted by event type; folded from the start by readers.
 */
export const eventProgress = defineTopic('event-progress.v1', {
  events: [StreamAdvanced],
  key: (event) => event.data.eventType,
  owner: 'ingestion',
  retentionDays: 'forever',
  compacted: true,
  public: true,
  description: 'How far the live streams of events are known in which nothing happens, newest per event type.',
});
