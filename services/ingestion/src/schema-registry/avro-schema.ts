/** An Avro schema (1.12) as a tree in which names are looked up, each part with its place. */

export const AVRO_PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

interface Placed {
  /** Where it stands, like `#/fields/0/type`. */
  readonly path: string;
}
/** What a value means beyond its type. An annotation: whoever does not know it reads the plain value. */
export interface AvroLogical {
  /** Like `timestamp-micros`. */
  readonly name: string;
  /** Of a decimal: digits behind the point. */
  readonly scale: number;
}
interface Named extends Placed {
  /** With its namespace. */
  readonly name: string;
  readonly aliases: readonly string[];
}
export interface AvroField extends Placed {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: AvroType;
  readonly hasDefault: boolean;
}
export type AvroRecord = Named & { readonly kind: 'record'; readonly fields: AvroField[] };
export type AvroEnum = Named & { readonly kind: 'enum'; readonly symbols: readonly string[]; readonly hasDefault: boolean };
export type AvroFixed = Named & { readonly kind: 'fixed'; readonly size: number; readonly logical: AvroLogical | undefined };
export type AvroType =
  | (Placed & { readonly kind: (typeof AVRO_PRIMITIVES)[number]; readonly logical?: AvroLogical | undefined })
  | (Placed & { readonly kind: 'array' | 'map'; readonly inner: AvroType })
  | (Placed & { readonly kind: 'union'; readonly branches: readonly AvroType[] })
  | AvroRecord
  | AvroEnum
  | AvroFixed;

/** Types that are defined, by full name; schemas that are referred to are parsed first, into the same map. */
export type AvroNames = Map<string, AvroType>;

type Json = Readonly<Record<string, unknown>>;

interface Scope {
  readonly names: AvroNames;
  readonly namespace: string;
}

/** Throws with a sentence where a name is not defined or a part is no schema. Finer rules are the codec's to check. */
export function parseAvroSchema(schema: unknown, names: AvroNames = new Map()): AvroType {
  return parseType(schema, '#', { names, namespace: '' });
}

function parseType(schema: unknown, path: string, scope: Scope): AvroType {
  if (typeof schema === 'string') return named(schema, path, scope);
  if (Array.isArray(schema))
    return { kind: 'union', path, branches: schema.map((branch: unknown, index) => parseType(branch, `${path}/${index}`, scope)) };
  if (!isJson(schema))
    throw new Error(`${path} is no Avro schema: it must be a name, a list of schemas (a union), or an object with a type`);
  return parseObject(schema, path, scope);
}

function parseObject(schema: Json, path: string, scope: Scope): AvroType {
  switch (schema['type']) {
    case 'record':
    case 'error':
      return parseRecord(schema, path, scope);
    case 'enum':
      return define(
        { ...namesOf(schema, path, scope), kind: 'enum', symbols: textsOf(schema['symbols']), hasDefault: schema['default'] !== undefined },
        scope,
      );
    case 'fixed':
      return define({ ...namesOf(schema, path, scope), kind: 'fixed', size: Number(schema['size']), logical: logicalOf(schema) }, scope);
    case 'array':
      return { kind: 'array', path, inner: parseType(schema['items'], `${path}/items`, scope) };
    case 'map':
      return { kind: 'map', path, inner: parseType(schema['values'], `${path}/values`, scope) };
    default:
      return annotated(parseType(schema['type'], `${path}/type`, scope), logicalOf(schema));
  }
}

/** A type that is defined elsewhere has its own meaning there. */
function annotated(type: AvroType, logical: AvroLogical | undefined): AvroType {
  const isPrimitive = AVRO_PRIMITIVES.some((name) => name === type.kind);
  return logical === undefined || !isPrimitive ? type : ({ ...type, logical } as AvroType);
}

function logicalOf({ logicalType, scale }: Json): AvroLogical | undefined {
  return typeof logicalType === 'string' ? { name: logicalType, scale: typeof scale === 'number' ? scale : 0 } : undefined;
}

function parseRecord(schema: Json, path: string, scope: Scope): AvroType {
  const record: AvroRecord = { ...namesOf(schema, path, scope), kind: 'record', fields: [] };
  define(record, scope); // before its fields, which may name it
  const namespace = record.name.slice(0, Math.max(0, record.name.lastIndexOf('.')));
  const fields = schema['fields'];
  if (!Array.isArray(fields)) throw new Error(`${path} is no Avro record: "fields" must be a list`);
  for (const [index, field] of fields.entries()) record.fields.push(parseField(field, `${path}/fields/${index}`, { ...scope, namespace }));
  return record;
}

function parseField(field: unknown, path: string, scope: Scope): AvroField {
  if (!isJson(field) || typeof field['name'] !== 'string')
    throw new Error(`${path} is no field: it must be an object with a name and a type`);
  const { name, aliases } = field;
  return {
    path,
    name,
    aliases: textsOf(aliases),
    type: parseType(field['type'], `${path}/type`, scope),
    hasDefault: field['default'] !== undefined,
  };
}

function named(name: string, path: string, { names, namespace }: Scope): AvroType {
  const primitive = AVRO_PRIMITIVES.find((one) => one === name);
  if (primitive !== undefined) return { kind: primitive, path };
  const found = names.get(qualified(name, namespace)) ?? names.get(name);
  if (found === undefined) {
    throw new Error(
      `${path} names the type ${JSON.stringify(name)}, which is not defined before. Define it there, or name its subject among the references`,
    );
  }
  return found;
}

function define<T extends Named & AvroType>(type: T, { names }: Scope): T {
  if (names.has(type.name)) throw new Error(`${type.path} defines ${type.name} again. Refer to the first definition by its name`);
  names.set(type.name, type);
  return type;
}

function namesOf(schema: Json, path: string, { namespace }: Scope): Named {
  const { name } = schema;
  if (typeof name !== 'string') throw new Error(`${path} must have a name`);
  const own = typeof schema['namespace'] === 'string' ? schema['namespace'] : namespace;
  const full = qualified(name, own);
  const around = full.slice(0, Math.max(0, full.lastIndexOf('.')));
  return { path, name: full, aliases: textsOf(schema['aliases']).map((alias) => qualified(alias, around)) };
}

const qualified = (name: string, namespace: string): string => (name.includes('.') || namespace === '' ? name : `${namespace}.${name}`);

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? (value as unknown[]).filter((one): one is string => typeof one === 'string') : [];

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
