/** What ingestion asks of an EventType beyond its schema, and what it says when one changes. */
import { EVENT_ERASED, SOURCE_PROGRESSED } from '@roofshot/contracts/envelope';
import { eventTypes, topicOf } from '@roofshot/contracts/events';
import { EventType, type EventTypeSpec } from '@roofshot/contracts/resources/event-type';
import type { EventBus } from '@roofshot/messaging/events';
import { ownedKind, type OwnedKind } from '@roofshot/runtime/resource-rules';
import { compileSchema } from './compile-schema.ts';
import type { EventTypes } from './event-types.ts';
import { findFaultyMarks, hasMarks } from './privacy/check-marks.ts';
import { findIncompatible, hideDeclared, keepDeclared } from './schema-registry/declared-subjects.ts';

/** Attributes that CloudEvents or the platform give a meaning of their own. */
const TAKEN = [
  'id',
  'source',
  'specversion',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'traceparent',
  'correlationid',
  'data',
];

export function eventTypeKind(types: EventTypes, bus: EventBus): OwnedKind {
  return ownedKind(EventType, {
    check: async (spec, { name, tx }) => {
      const own = [...nameFaults(name), ...schemaFaults(spec.schema), ...attributeFaults(spec.knownTime)];
      return own.length > 0 ? own : findIncompatible(tx, name, spec);
    },
    changed: async (tx, { metadata, generation, spec }, previous) => {
      // Before anyone can send an event of it; a stream that stays empty because the transaction fails harms nobody.
      await bus.ensureTopics([{ name: topicOf(metadata.name), retentionMs: null, compacted: false, uses: ['write'] }]);
      await keepDeclared(tx, metadata.name, spec, previous?.spec);
      const personal = personalOf(spec);
      const data = { name: metadata.name, generation, importer: spec.knownTime !== undefined, deleted: false, personal };
      tx.publish(eventTypes, [{ type: 'event-type.changed', subject: metadata.name, data }]);
    },
    removed: async (tx, { metadata, generation, spec }) => {
      await hideDeclared(tx, metadata.name);
      const data = { name: metadata.name, generation, importer: spec.knownTime !== undefined, deleted: true };
      tx.publish(eventTypes, [{ type: 'event-type.changed', subject: metadata.name, data }]);
    },
    committed: async () => {
      await types.reload();
    },
  });
}

/** Null where nothing is personal, so that schemas travel only where somebody needs them. */
function personalOf({ schema, pii = [] }: EventTypeSpec): { schema: EventTypeSpec['schema']; pointers: string[] } | null {
  return pii.length > 0 || hasMarks(schema) ? { schema, pointers: pii } : null;
}

/** Readers tell control records from events by their type alone. */
function nameFaults(name: string): { path: string; message: string }[] {
  if (name !== SOURCE_PROGRESSED && name !== EVENT_ERASED) return [];
  return [{ path: '', message: `${name} is the type of the platform's own control records; choose another name` }];
}

function schemaFaults(schema: Readonly<Record<string, unknown>>): { path: string; message: string }[] {
  try {
    compileSchema(schema);
    return findFaultyMarks(schema).map((path) => ({ path: `/schema${path}`, message: 'must be true, false, "hash" or "drop"' }));
  } catch (error) {
    return [{ path: '/schema', message: `is no JSON Schema: ${(error as Error).message}` }];
  }
}

function attributeFaults(attribute: string | undefined): { path: string; message: string }[] {
  if (attribute === undefined || !TAKEN.includes(attribute)) return [];
  return [{ path: '/knownTime', message: `${attribute} has a meaning of its own; name an extension attribute, like knowntime` }];
}
