/** An event type whose types are asked for. */
import { topicOf } from '@roofshot/contracts/events';
import { JsonSchemaDocument, type SchemaObject } from '../schema-registry/json-schema-document.ts';
import { ShapeReader } from './read-shape.ts';

export interface TypedEvent {
  readonly eventType: string;
  /** The number of the schema among those that the event type has had. */
  readonly version: number;
  /** JSON Schema of its data. */
  readonly schema: SchemaObject;
}

/** The place of the data in the schema. */
export const DATA_PATH = '#';

/** As the schema registry takes them. Of a longer one nothing is told: to read it would hold up the service. */
const MAX_CHARACTERS = 512 * 1024;
/** Types that are written for one event: what meets itself again and again has more than anybody reads. */
export const MAX_WRITTEN = 20_000;

/** Throws with a sentence where the schema refers to itself without end. */
export function readerOf({ schema }: TypedEvent): ShapeReader {
  const isTooLong = JSON.stringify(schema).length > MAX_CHARACTERS;
  return new ShapeReader(new JsonSchemaDocument(isTooLong ? true : schema));
}

export const headline = ({ eventType, version }: TypedEvent): string =>
  `Types of the event ${eventType}, schema ${version}. Made from its EventType: change the declaration, not this file.`;

/** An attribute of the event beside its data. */
export interface Attribute {
  readonly name: string;
  /** Undefined: a text. */
  readonly literal?: string;
  readonly isRequired: boolean;
  readonly note: string;
}

const text = (name: string, isRequired: boolean, note: string): Attribute => ({ name, isRequired, note });

/** As the platform writes them (CloudEvents 1.0.2, and its own). */
export const attributesOf = ({ eventType }: TypedEvent): readonly Attribute[] => [
  { name: 'specversion', literal: '1.0', isRequired: true, note: 'Of CloudEvents.' },
  text('id', true, 'With source it tells this event from all others: what has both is a repeat.'),
  text('source', true, 'Who sent it: a URI reference.'),
  { name: 'type', literal: eventType, isRequired: true, note: 'Control records on the same topic have the type source.progressed.' },
  text('subject', false, 'What it is about; one subject is read in order.'),
  text('time', true, 'Event time: when it happened, RFC 3339 in UTC.'),
  text('knowntime', true, 'Known time: when the platform accepted it, or what an importer declared, RFC 3339 in UTC.'),
  text('datacontenttype', false, 'On the log it is the header content-type.'),
  text('dataschema', false, 'A URI of a schema, as the sender gave it.'),
  text('traceparent', false, 'W3C trace context of the request that brought it.'),
  text('correlationid', false, 'One id from the first request to the last decision.'),
];

export const eventNote = (type: TypedEvent): string =>
  `The event as it lies on the topic ${topicOf(type.eventType)}: attributes are the headers ce_<name>, data is the value.`;
