import { Type, type Static } from 'typebox';
import { Closed, Described, defineResource } from '../define.ts';
import { Duration } from '../ids.ts';

/** The levels of Confluent's Schema Registry. */
const COMPATIBILITY = ['BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE', 'NONE'] as const;

export const EventTypeSpec = Closed({
  schema: Described(
    Type.Record(Type.String(), Type.Unknown()),
    "JSON Schema of the event's `data`: 2020-12, or draft-07 where `$schema` says so. An event that does not fit is quarantined. `x-pii` on a schema within marks personal data: lists and traces of events show a keyed hash (`true` or `hash`) or leave it out (`drop`).",
  ),
  compatibility: Type.Optional(
    Described(
      Type.Union(COMPATIBILITY.map((level) => Type.Literal(level))),
      'What a changed schema must keep. `BACKWARD`: readers with the new schema read events of the last one; `FORWARD`: readers with the last one read events of the new; `FULL`: both; `_TRANSITIVE`: of every schema before. A change that breaks it is refused with every reason. Absent: `NONE`.',
    ),
  ),
  knownTime: Type.Optional(
    Described(
      Type.String({ pattern: '^[a-z0-9]{1,20}$' }),
      'The extension attribute that carries the known time, RFC 3339 and never in the future: such events are an import or a replay. Absent: an event is known when it is accepted.',
    ),
  ),
  maxDelay: Type.Optional(
    Described(
      Duration,
      'An event that became known more than this after it happened is `late`: it is kept on `events-refused.v1` and not processed. Absent: nothing is late.',
    ),
  ),
  pii: Type.Optional(
    Described(
      Type.Array(Type.String()),
      'JSON pointers into `data` that hold personal data, like `/email`: left out as with `x-pii: drop` in the schema. Absent: only what the schema marks is personal.',
    ),
  ),
});
export type EventTypeSpec = Static<typeof EventTypeSpec>;

export const EventType = defineResource('EventType', {
  plural: 'event-types',
  owner: 'ingestion',
  spec: EventTypeSpec,
  order: 10,
  description: 'An event that may be sent: the schema of its data, its clocks and its lateness.',
});
