/** A schema as it is registered: read, checked, and known again. */
import { createHash } from 'node:crypto';
import avro from 'avsc';
import { AVRO_PRIMITIVES, parseAvroSchema, type AvroNames, type AvroType } from './avro-schema.ts';
import { isJsonSchema, JsonSchemaDocument, type JsonSchema } from './json-schema-document.ts';
import { registryError } from './registry-errors.ts';

export const SCHEMA_TYPES = ['JSON', 'AVRO'] as const;
export type SchemaType = (typeof SCHEMA_TYPES)[number];

/** What a schema takes from another subject's version, under a name of its own. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

export interface SchemaText {
  readonly type: SchemaType;
  /** As it was sent. */
  readonly text: string;
  readonly references: readonly SchemaReference[];
}

/** A schema that a schema refers to, directly or through others. */
export interface ReferredSchema {
  /** By which it is referred to. */
  readonly name: string;
  readonly text: string;
}

export type ParsedSchema =
  { readonly type: 'JSON'; readonly document: JsonSchemaDocument } | { readonly type: 'AVRO'; readonly tree: AvroType };

/** Nothing that people write is larger; comparing and compiling takes time that others wait for. */
const MAX_CHARACTERS = 512 * 1024;

/** `referred` with what lies deeper first. Throws 42201 with the reason where it is no schema. */
export function parseSchema(schema: SchemaText, referred: readonly ReferredSchema[]): ParsedSchema {
  const { type, text } = schema;
  if (text.length > MAX_CHARACTERS) {
    throw registryError(42209, `The schema has ${text.length} characters; at most ${MAX_CHARACTERS} are taken. Split it by references.`);
  }
  try {
    const parsed = parseKnownSchema(schema, referred);
    if (parsed.type === 'JSON') parsed.document.refuseFaults();
    else compileAvro([...referred.map((one) => one.text), text]);
    return parsed;
  } catch (error) {
    const kind = type === 'JSON' ? 'JSON Schema' : 'Avro schema';
    const hint = kind === 'Avro schema' ? ' For a JSON Schema send "schemaType": "JSON".' : '';
    throw registryError(
      42201,
      `The schema is no valid ${kind}: ${(error as Error).message.replace(/\.$/, '')}. Nothing was registered.${hint}`,
    );
  }
}

/** The same for a schema that was found to be one before. */
export function parseKnownSchema({ type, text }: SchemaText, referred: readonly ReferredSchema[]): ParsedSchema {
  if (type === 'JSON') {
    const documents = new Map(referred.map((one) => [one.name, jsonSchemaOf(one.text)]));
    return { type, document: new JsonSchemaDocument(jsonSchemaOf(text), documents) };
  }
  const names: AvroNames = new Map();
  for (const one of referred) parseAvroSchema(readAvro(one.text), names);
  return { type, tree: parseAvroSchema(readAvro(text), names) };
}

function jsonSchemaOf(text: string): JsonSchema {
  const schema = readJson(text);
  if (!isJsonSchema(schema)) throw new Error('it must be a JSON object, true or false');
  return schema;
}

/** The codec's rules: names, symbols, sizes, defaults. */
function compileAvro(texts: readonly string[]): void {
  const registry = {};
  for (const text of texts) avro.Type.forSchema(readAvro(text) as avro.Schema, { registry, wrapUnions: 'auto' });
}

/** A primitive's name alone is a schema, too. */
function readAvro(text: string): unknown {
  const bare = text.trim();
  return AVRO_PRIMITIVES.some((name) => name === bare) ? bare : readJson(text);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`it is no JSON (${(error as Error).message})`, { cause: error });
  }
}

/** The same for schemas that differ in white space or in the order of keys only. Of a text that parses. */
export function fingerprintOf({ type, text, references }: SchemaText): Buffer {
  const canonical = JSON.stringify([
    type,
    sorted(type === 'AVRO' ? unwrapped(readAvro(text)) : readJson(text)),
    references.map(referenceKey).toSorted(),
  ]);
  return createHash('sha256').update(canonical).digest();
}

const referenceKey = ({ name, subject, version }: SchemaReference): string => JSON.stringify([name, subject, version]);

/** `{"type": "string"}` says what `"string"` says. */
function unwrapped(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  const { type, ...others } = schema as Readonly<Record<string, unknown>>;
  return typeof type === 'string' && Object.keys(others).length === 0 ? type : schema;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
