/** What clients of the registry send. Fields that are not known are left alone: newer clients send more. */
import { SCHEMA_TYPES, type SchemaReference, type SchemaType } from './parse-schema.ts';
import { registryError } from './registry-errors.ts';
import type { SchemaRequest, VersionName } from './schema-registry.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The greatest that a client takes for a version or an id. */
const MAX_NUMBER = 2 ** 31 - 1;
/** Ids that are imported leave room for those that follow. */
const MAX_IMPORTED_ID = 2_000_000_000;

/** A body under the registry's own media types comes as text. Throws 400 where it is no JSON object. */
export function readFields(body: unknown): Fields {
  const value = typeof body === 'string' ? parse(body) : body;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw registryError(400, 'The body must be a JSON object, like {"schema": "…"}. Nothing was done.');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw registryError(400, `The body is no JSON (${(error as Error).message}). Correct it and send it again. Nothing was done.`);
  }
}

export function readSchemaRequest(body: unknown): SchemaRequest {
  const { schema, schemaType, references, id, version } = readFields(body);
  if (typeof schema !== 'string' || schema.trim() === '') {
    throw registryError(42201, 'The schema is empty: send it as a text in the field "schema". Nothing was registered.');
  }
  const [ownId, ownVersion] = [readNumber('id', id, MAX_IMPORTED_ID), readNumber('version', version, MAX_NUMBER)];
  return {
    type: readType(schemaType),
    text: schema,
    references: readReferences(references),
    ...(ownId !== undefined && { id: ownId }),
    ...(ownVersion !== undefined && { version: ownVersion }),
  };
}

/** Absent: Avro, as before there were others. */
function readType(type: unknown): SchemaType {
  if (type === undefined || type === null) return 'AVRO';
  const known = SCHEMA_TYPES.find((one) => one === type);
  if (known !== undefined) return known;
  throw registryError(
    42201,
    `Schemas of type ${JSON.stringify(type)} are not served here: send ${SCHEMA_TYPES.join(' or ')}. Nothing was registered.`,
  );
}

/** Absent or -1: not given. */
function readNumber(name: string, value: unknown, greatest: number): number | undefined {
  if (value === undefined || value === null || value === -1) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= greatest) return value;
  throw registryError(42201, `${name} must be an integer from 1 to ${greatest}, or absent. Nothing was registered.`);
}

function readReferences(references: unknown): SchemaReference[] {
  if (references === undefined || references === null) return [];
  if (!Array.isArray(references)) throw badReference('references must be a list');
  return references.map((one: unknown) => {
    const { name, subject, version } = (typeof one === 'object' && one !== null ? one : {}) as Fields;
    if (!isName(name) || !isName(subject)) throw badReference('each has a name and a subject');
    if (typeof version !== 'number' || !Number.isInteger(version) || version < -1 || version > MAX_NUMBER || version === 0)
      throw badReference('each has a version from 1, or -1 for the latest');
    return { name, subject, version };
  });
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && !value.includes('\0');

const badReference = (what: string): Error =>
  registryError(42201, `The references are not valid: ${what}. Correct them and send it again. Nothing was registered.`);

/** Throws 42202. */
export function readVersion(text: string): VersionName {
  if (text === 'latest' || text === '-1') return 'latest';
  const version = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (version >= 1 && version <= MAX_NUMBER) return version;
  throw registryError(42202, `The version '${text}' is not valid: it must be from 1 to ${MAX_NUMBER}, or latest (or -1).`);
}

/** Throws 40403: what is no id belongs to no schema. */
export function readId(text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (id >= 1 && id <= MAX_NUMBER) return id;
  throw registryError(40403, `Schema ${text} not found: ids are from 1 to ${MAX_NUMBER}.`);
}
