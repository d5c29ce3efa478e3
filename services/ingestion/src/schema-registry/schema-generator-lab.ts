/** Generated JSON Schemas for property tests: the same for a seed on every machine. */
import type { JsonSchema, SchemaObject } from './json-schema-document.ts';

/** mulberry32: the same numbers for a seed on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Not structuredClone: its objects come from outside of the test's realm, and Ajv finds those unequal to objects from inside. */
export const copyOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

const NAMES = ['a', 'b', 'c', 'ab', 'x1'];
const TEXTS = ['', 'a', 'ab', 'abc', 'b', 'zz'];
const PATTERNS = ['^a', 'b$', '^x', '^[ab]+$'];
const SIBLINGS = [
  ['maximum', 'exclusiveMaximum'],
  ['minimum', 'exclusiveMinimum'],
  ['anyOf', 'oneOf'],
];
const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

/** Schemas, changes of schemas and documents, all over few names and values, so that they meet. */
export class SchemaGenerator {
  readonly #random: () => number;

  constructor(
    seed: number,
    readonly isDraft07: boolean,
  ) {
    this.#random = seeded(seed);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  some<T>(from: readonly T[], share = 0.4): T[] {
    return from.filter(() => this.chance(share));
  }

  value(depth = 2): unknown {
    const kind = depth > 0 ? this.below(9) : this.below(6);
    if (kind < 2) return this.below(8) - 2;
    if (kind === 2) return this.below(12) / 4;
    if (kind === 3) return this.pick(TEXTS);
    if (kind === 4) return null;
    if (kind === 5) return this.chance(0.5);
    if (kind === 6) return Array.from({ length: this.below(4) }, () => this.value(depth - 1));
    return Object.fromEntries(this.some(NAMES, 0.5).map((name) => [name, this.value(depth - 1)]));
  }

  root(): SchemaObject {
    const dialect = this.isDraft07 ? { $schema: 'http://json-schema.org/draft-07/schema#' } : {};
    const own = this.schema(3, true);
    return { ...dialect, ...(own as object), $defs: { one: this.schema(2), node: this.schema(2, true) } };
  }

  schema(depth: number, isObject = false): JsonSchema {
    if (!isObject && this.chance(0.06)) return this.chance(0.8);
    if (!isObject && this.chance(0.1)) return { $ref: this.pick(['#/$defs/one', '#/$defs/node', '#']), ...this.scalar() };
    const type = isObject && this.chance(0.8) ? 'object' : this.pick(TYPES);
    const typed = this.chance(0.85) ? { type: this.chance(0.15) ? [...new Set([type, this.pick(TYPES)])] : type } : {};
    const parts = depth > 0 ? { ...this.inner(type, depth - 1), ...this.combined(depth - 1) } : {};
    return { ...typed, ...this.scalar(type), ...parts };
  }

  scalar(type: string = this.pick(TYPES)): SchemaObject {
    if (this.chance(0.12)) return this.chance(0.5) ? { const: this.value(1) } : { enum: [this.value(1), this.value(0), this.value(0)] };
    if (type === 'string') return this.optional({ minLength: this.below(3), maxLength: this.below(4), pattern: this.pick(PATTERNS) });
    if (type === 'integer' || type === 'number')
      return this.optional({
        minimum: this.below(5) - 2,
        maximum: this.below(6),
        exclusiveMinimum: this.below(4) - 2,
        exclusiveMaximum: this.below(7),
        multipleOf: this.pick([1, 2, 0.5, 4]),
      });
    return {};
  }

  optional(all: SchemaObject, share = 0.25): SchemaObject {
    return Object.fromEntries(Object.entries(all).filter(() => this.chance(share)));
  }

  inner(type: string, depth: number): SchemaObject {
    if (type === 'array') return this.arrayParts(depth);
    if (type !== 'object') return {};
    const names = this.some(NAMES, 0.5);
    return {
      properties: Object.fromEntries(names.map((name) => [name, this.schema(depth)])),
      ...(this.chance(0.4) && { required: this.some(NAMES, 0.3) }),
      ...(this.chance(0.5) && { additionalProperties: this.chance(0.7) ? false : this.schema(depth) }),
      ...(this.chance(0.15) && { patternProperties: { [this.pick(PATTERNS)]: this.schema(depth) } }),
      ...(this.chance(0.08) && { propertyNames: this.schema(0) }),
      ...this.optional({ minProperties: this.below(2), maxProperties: 2 + this.below(3) }, 0.1),
      ...(this.chance(0.08) && this.dependencies(depth)),
    };
  }

  dependencies(depth: number): SchemaObject {
    const name = this.pick(NAMES);
    if (this.isDraft07) return { dependencies: { [name]: this.chance(0.5) ? this.some(NAMES) : this.schema(depth, true) } };
    return this.chance(0.5)
      ? { dependentRequired: { [name]: this.some(NAMES) } }
      : { dependentSchemas: { [name]: this.schema(depth, true) } };
  }

  arrayParts(depth: number): SchemaObject {
    const tuple = Array.from({ length: 1 + this.below(2) }, () => this.schema(depth));
    const rest = this.chance(0.3) ? false : this.schema(depth);
    const lists = this.isDraft07 ? { items: tuple, additionalItems: rest } : { prefixItems: tuple, items: rest };
    return {
      ...(this.chance(0.4) ? lists : { items: rest }),
      ...this.optional({ minItems: this.below(2), maxItems: 1 + this.below(3), uniqueItems: true }, 0.2),
      ...(this.chance(0.1) && { contains: this.schema(0) }),
      ...(!this.isDraft07 && this.optional({ minContains: this.below(2), maxContains: 2 }, 0.1)),
    };
  }

  combined(depth: number): SchemaObject {
    const list = (): JsonSchema[] => Array.from({ length: 1 + this.below(3) }, () => this.schema(depth));
    return {
      ...(this.chance(0.06) && { allOf: list() }),
      ...(this.chance(0.1) && { anyOf: list() }),
      ...(this.chance(0.08) && { oneOf: list() }),
      ...(this.chance(0.05) && { not: this.schema(depth) }),
      ...(this.chance(0.04) && Object.fromEntries(['if', 'then', 'else'].map((keyword) => [keyword, this.schema(depth)]))),
      ...(!this.isDraft07 && this.chance(0.03) && { unevaluatedProperties: false }),
      ...(this.chance(0.03) && { default: this.value(0) }),
    };
  }

  /** The schema with one or a few places changed: what teams do to schemas. */
  changed(schema: SchemaObject): SchemaObject {
    const copy = copyOf(schema) as Record<string, unknown>;
    for (let times = 1 + this.below(2); times > 0; times -= 1) this.changeAt(copy, 3);
    return copy;
  }

  changeAt(schema: Record<string, unknown>, depth: number): void {
    const inner = Object.values(schema).filter((value) => typeof value === 'object' && value !== null) as Record<string, unknown>[];
    if (depth > 0 && inner.length > 0 && this.chance(0.6)) return this.changeAt(this.pick(inner), depth - 1);
    if (Array.isArray(schema)) return;
    const keywords = Object.keys(schema).filter((key) => key !== '$schema' && key !== '$defs');
    const keyword = this.pick(keywords);
    const way = keyword === undefined ? 1 : this.below(10) / 10;
    if (way < 0.4) this.tweak(schema, keyword as string);
    else if (way < 0.6) delete schema[keyword as string];
    else Object.assign(schema, this.addition(schema));
  }

  /** A keyword a little narrower, wider, or under the name of its sibling. */
  tweak(schema: Record<string, unknown>, keyword: string): void {
    const value = schema[keyword];
    const sibling = SIBLINGS.find((pair) => pair.includes(keyword))?.find((one) => one !== keyword);
    if (sibling !== undefined && this.chance(0.5)) {
      delete schema[keyword];
      schema[sibling] = value;
    } else if (typeof value === 'number') schema[keyword] = Math.max(keyword === 'multipleOf' ? 1 : 0, value + this.pick([-1, 1]));
  }

  /** Keywords beside those that are there: a few of the same type, or a whole new schema. */
  addition(schema: Readonly<Record<string, unknown>>): SchemaObject {
    if (this.chance(0.3)) return this.schema(1, true) as SchemaObject;
    const type = Array.isArray(schema['type']) ? this.pick(schema['type'] as string[]) : schema['type'];
    if (typeof type !== 'string') return this.combined(1);
    const parts = [this.scalar(type), this.inner(type, 1), ...(type === 'object' ? [this.dependencies(1)] : [])];
    return { ...this.pick(parts), ...this.combined(1) };
  }

  /** A value made after a schema: mostly valid, so that a claim about valid data is put to the test. */
  valueFor(schema: unknown, root: SchemaObject, depth = 4): unknown {
    if (typeof schema !== 'object' || schema === null || depth <= 0 || this.chance(0.04)) return this.value(2);
    const given = this.merged(schema as SchemaObject, root);
    if (Object.hasOwn(given, 'const')) return given['const'];
    if (Array.isArray(given['enum'])) return this.pick(given['enum'] as unknown[]);
    const types =
      given['type'] ?? (given['properties'] !== undefined ? 'object' : given['items'] !== undefined ? 'array' : this.pick(TYPES));
    const type = Array.isArray(types) ? this.pick(types as string[]) : types;
    if (type === 'object') return this.objectFor(given, root, depth);
    if (type === 'array') return this.arrayFor(given, root, depth);
    if (type === 'string') return this.pick(TEXTS);
    if (type === 'integer') return this.below(8) - 2;
    if (type === 'number') return this.chance(0.5) ? this.below(8) - 2 : this.below(24) / 4 - 1;
    return type === 'null' ? null : this.chance(0.5);
  }

  merged(schema: SchemaObject, root: SchemaObject): SchemaObject {
    const defs = root['$defs'] as Readonly<Record<string, unknown>>;
    const reference = schema['$ref'];
    const target = reference === '#' ? root : typeof reference === 'string' ? defs[reference.slice('#/$defs/'.length)] : undefined;
    const branches = ['anyOf', 'oneOf', 'allOf'].flatMap((keyword) =>
      Array.isArray(schema[keyword]) ? [this.pick(schema[keyword] as unknown[])] : [],
    );
    return Object.assign(
      {},
      typeof target === 'object' ? target : {},
      ...branches.filter((one) => typeof one === 'object'),
      schema,
    ) as SchemaObject;
  }

  objectFor(schema: SchemaObject, root: SchemaObject, depth: number): unknown {
    const properties = (schema['properties'] ?? {}) as Readonly<Record<string, unknown>>;
    const required = (schema['required'] ?? []) as readonly string[];
    const names = new Set([...required, ...this.some(Object.keys(properties), 0.6), ...(this.chance(0.3) ? this.some(NAMES, 0.3) : [])]);
    const others = schema['additionalProperties'];
    return Object.fromEntries([...names].map((name) => [name, this.valueFor(properties[name] ?? others, root, depth - 1)]));
  }

  arrayFor(schema: SchemaObject, root: SchemaObject, depth: number): unknown {
    const tuple = (schema['prefixItems'] ?? (Array.isArray(schema['items']) ? schema['items'] : [])) as readonly unknown[];
    const rest = Array.isArray(schema['items']) ? schema['additionalItems'] : schema['items'];
    return Array.from({ length: this.below(4) }, (_, index) => this.valueFor(tuple[index] ?? rest, root, depth - 1));
  }
}
