import { Type, type Static } from 'typebox';
import { Closed, defineResource } from '../define.ts';
import { Duration } from '../ids.ts';

export const EventTypeSpec = Closed({
  /** JSON Schema (2020-12, or draft-07 when `$schema` says so) of the event's `data`. */
  schema: Type.Record(Type.String(), Type.Unknown()),
  /** Name of the extension attribute that carries the known time. Declares an import or replay; never in the future. */
  knownTime: Type.Optional(Type.String({ pattern: '^[a-z0-9]{1,20}$' })),
  /** known time − event time above this is `late`; absent: nothing is late. */
  maxDelay: Type.Optional(Duration),
  /** JSON pointers into `data` that hold personal data. */
  pii: Type.Optional(Type.Array(Type.String())),
});
export type EventTypeSpec = Static<typeof EventTypeSpec>;

export const EventType = defineResource('EventType', {
  plural: 'event-types',
  owner: 'ingestion',
  spec: EventTypeSpec,
  order: 10,
  description: 'An event that may be sent: the schema of its data, its clocks and its lateness.',
});
