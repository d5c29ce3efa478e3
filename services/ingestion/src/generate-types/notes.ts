/** What a schema says of itself that a type cannot say, as lines for people. */
import { isSchemaObject, type JsonSchema } from '../schema-registry/json-schema-document.ts';

/** Keywords that say which of the values of a type are taken. */
const LIMITS = [
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'contentMediaType',
  'contentEncoding',
  'default',
] as const;
/** Longer ones are cut: a type is no place for a manual. */
const MAX_TEXT = 2_000;
const MAX_VALUE = 200;

/** Texts as they are in the schema: may hold line ends, quotes, and what ends a comment. */
export function notesOf(schema: JsonSchema): readonly string[] {
  if (!isSchemaObject(schema)) return [];
  const { title, description, deprecated } = schema;
  const texts = [title, description].filter((text) => typeof text === 'string' && text.trim() !== '') as string[];
  const limits = LIMITS.filter((keyword) => Object.hasOwn(schema, keyword)).map((keyword) => `${keyword}: ${shortValue(schema[keyword])}`);
  return [
    ...texts.map((text) => cut(text, MAX_TEXT)),
    ...(deprecated === true ? ['Deprecated.'] : []),
    ...(limits.length === 0 ? [] : [limits.join(', ')]),
  ];
}

const shortValue = (value: unknown): string => cut(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE);
const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
