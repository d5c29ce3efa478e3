/** What a JSON Schema (2020-12 or draft-07) says about fields and types. Where it is in doubt, more is possible, never less. */
import type { FieldState } from './field-types.ts';
import { everyField, isSchema, someField, type FoundField, type Schema, type SchemaNode } from './schema-nodes.ts';
import { SchemaFolder } from './schema-folder.ts';

export type JsonType = 'number' | 'string' | 'boolean' | 'object' | 'array';
const ALL: readonly JsonType[] = ['number', 'string', 'boolean', 'object', 'array'];

export class SchemaFields {
  readonly #folder: SchemaFolder;

  constructor(root: SchemaNode) {
    this.#folder = new SchemaFolder(root);
  }

  /** The types that a value may have, null apart. */
  types(node: SchemaNode): readonly JsonType[] {
    return this.#folder.fold<readonly JsonType[]>(node, {
      open: ALL,
      never: [],
      own: ownTypes,
      every: (found) => ALL.filter((type) => found.every((types) => types.includes(type))),
      some: (found) => ALL.filter((type) => found.some((types) => types.includes(type))),
    });
  }

  field(node: SchemaNode, name: string): FoundField {
    return this.#folder.fold<FoundField>(node, {
      open: { state: 'undeclared', node: true },
      never: { state: 'absent', node: false },
      own: (schema) => ownField(schema, name),
      every: everyField,
      some: someField,
      end: closeUnevaluated,
    });
  }

  /** The fields that are declared and may be there. */
  names(node: SchemaNode): string[] {
    const named = this.#folder.fold<readonly string[]>(node, {
      open: [],
      never: [],
      own: ({ properties, required }) => [
        ...(isSchema(properties) ? Object.keys(properties) : []),
        ...(Array.isArray(required) ? required.map(String) : []),
      ],
      every: (found) => found.flat(),
      some: (found) => found.flat(),
    });
    return [...new Set(named)].filter((name) => this.field(node, name).state === 'declared');
  }

  /** The schema of a list's items. */
  item(node: SchemaNode): SchemaNode {
    return this.#folder.fold<SchemaNode>(node, {
      open: true,
      never: false,
      own: ownItem,
      every: (allOf) => ({ allOf }),
      some: (anyOf) => ({ anyOf }),
    });
  }
}

function ownTypes(schema: Schema): readonly JsonType[] {
  const { type } = schema;
  const declared = type === undefined ? ALL : [type].flat().flatMap(toJsonTypes);
  const values = Array.isArray(schema['enum']) ? schema['enum'] : 'const' in schema ? [schema['const']] : undefined;
  if (values === undefined) return declared;
  const listed = new Set(values.flatMap(typeOfValue));
  return declared.filter((one) => listed.has(one));
}

function toJsonTypes(word: unknown): JsonType[] {
  if (word === 'integer') return ['number'];
  return ALL.filter((type) => type === word);
}

function typeOfValue(value: unknown): JsonType[] {
  if (Array.isArray(value)) return ['array'];
  return value === null ? [] : toJsonTypes(typeof value);
}

function ownField(schema: Schema, name: string): FoundField {
  const nodes = declarationsOf(schema, name);
  if (nodes.includes(false)) return { state: 'absent', node: false };
  if (nodes.length > 0) return { state: 'declared', node: { allOf: nodes } };
  const { additionalProperties: rest, required } = schema;
  if (rest === false) return { state: 'absent', node: false };
  const isRequired = Array.isArray(required) && required.includes(name);
  return { state: isRequired ? 'declared' : stateOfRest(rest), node: isSchema(rest) ? rest : true };
}

function stateOfRest(rest: unknown): FoundField['state'] {
  if (rest === true) return 'allowed';
  return isSchema(rest) ? 'other' : 'undeclared';
}

function declarationsOf({ properties, patternProperties }: Schema, name: string): SchemaNode[] {
  const exact = isSchema(properties) && Object.hasOwn(properties, name) ? [properties[name] as SchemaNode] : [];
  const patterns = isSchema(patternProperties) ? Object.entries(patternProperties) : [];
  return [...exact, ...patterns.filter(([pattern]) => fits(name, pattern)).map(([, node]) => node as SchemaNode)];
}

/** A pattern that cannot be read is ingestion's to refuse; until then it may fit. */
function fits(name: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

/** `unevaluatedProperties` speaks of what no part of the schema has spoken of. */
function closeUnevaluated({ unevaluatedProperties: rest }: Schema, found: FoundField): FoundField {
  if (rest === undefined || found.state !== 'undeclared') return found;
  if (rest === false) return { state: 'absent', node: false };
  return isSchema(rest) ? { state: 'other', node: rest } : { state: 'allowed', node: true };
}

function ownItem({ items, prefixItems, additionalItems }: Schema): SchemaNode {
  const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
  const rest = Array.isArray(items) ? additionalItems : items;
  if (first.length === 0) return (rest ?? true) as SchemaNode;
  return { anyOf: [...first, rest ?? true] };
}

export function stateToTell(state: FoundField['state']): FieldState {
  return state === 'allowed' ? 'undeclared' : state;
}
