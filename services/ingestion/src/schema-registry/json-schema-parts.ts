/** What can be read off schemas that hold all at once: types, values, what they say of a property or an item. */
import { isJsonSchema, isSchemaObject, type SchemaNode, type SchemaObject } from './json-schema-document.ts';

/** Numbers come in two kinds, so that sets of types are sets. */
const KINDS = ['null', 'boolean', 'integer', 'fraction', 'string', 'array', 'object'] as const;
export type Kind = (typeof KINDS)[number];

/** A keyword's value; undefined where the schema is a boolean, or the keyword is looked at apart. */
export function keywordOf({ schema, without }: SchemaNode, keyword: string): unknown {
  if (!isSchemaObject(schema) || without?.includes(keyword) === true) return undefined;
  return Object.hasOwn(schema, keyword) ? schema[keyword] : undefined;
}

export function mapOf(node: SchemaNode, keyword: string): SchemaObject {
  const value = keywordOf(node, keyword);
  return isSchemaObject(value) ? value : {};
}

export function listOf(node: SchemaNode, keyword: string): readonly unknown[] {
  const value = keywordOf(node, keyword);
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** The schemas in a list of schemas, like `anyOf`. */
export function branchesOf(node: SchemaNode, keyword: string): SchemaNode[] {
  return listOf(node, keyword).flatMap((_, index) => childOf(node, keyword, index) ?? []);
}

/** The schema some steps below; undefined where there is none. */
export function childOf(node: SchemaNode, ...steps: readonly [string, ...(string | number)[]]): SchemaNode | undefined {
  if (!isJsonSchema(stepsInto(keywordOf(node, steps[0]), steps.slice(1)))) return undefined;
  return node.document.child(node, ...steps);
}

function stepsInto(value: unknown, steps: readonly (string | number)[]): unknown {
  return steps.reduce<unknown>((found, step) => {
    if (Array.isArray(found)) return found[Number(step)] as unknown;
    return isSchemaObject(found) && Object.hasOwn(found, step) ? found[step] : undefined;
  }, value);
}

/** The nodes with all that they take in by `$ref` and `allOf`, each once: every one of them holds. */
export function conjunctsOf(nodes: readonly SchemaNode[]): SchemaNode[] {
  const found = new Map<string, SchemaNode>();
  for (const node of nodes) addConjuncts(node, found);
  return [...found.values()];
}

function addConjuncts(node: SchemaNode, found: Map<string, SchemaNode>): void {
  const inner = takenIn(node);
  const bare = inner.length === 0 ? node : { ...node, without: [...(node.without ?? []), '$ref', 'allOf'] };
  const key = placeOf(bare);
  if (found.has(key)) return;
  found.set(key, bare);
  for (const one of inner) addConjuncts(one, found);
}

function takenIn(node: SchemaNode): SchemaNode[] {
  const target = keywordOf(node, '$ref') === undefined ? undefined : node.document.target(node);
  return [...(target === undefined ? [] : [target]), ...branchesOf(node, 'allOf')];
}

/** Told apart from every other node of a comparison. */
export const placeOf = ({ document, path, without = [] }: SchemaNode): string => JSON.stringify([document.serial, path, ...without]);

export const common = (one: ReadonlySet<Kind>, other: ReadonlySet<Kind>): Set<Kind> => new Set([...one].filter((kind) => other.has(kind)));

/** The kinds of values that conjuncts let through. */
export function kindsOf(conjuncts: readonly SchemaNode[], known: KnownKinds = new Map()): Set<Kind> {
  return conjuncts.reduce((kinds, node) => common(kinds, kindsOfOne(node, known)), new Set<Kind>(KINDS));
}

/** By place, so that a node is looked at once however often it is referred to. */
type KnownKinds = Map<string, ReadonlySet<Kind>>;

function kindsOfOne(node: SchemaNode, known: KnownKinds): ReadonlySet<Kind> {
  const place = placeOf(node);
  const before = known.get(place);
  if (before !== undefined) return before;
  known.set(place, new Set(KINDS)); // while it is looked at: nothing is known of what refers to itself
  const kinds = [ownKinds(node), ...['anyOf', 'oneOf'].map((keyword) => kindsOfBranches(branchesOf(node, keyword), known))].reduce(common);
  known.set(place, kinds);
  return kinds;
}

function ownKinds(node: SchemaNode): ReadonlySet<Kind> {
  if (node.schema === false) return new Set();
  const kinds = kindsOfType(keywordOf(node, 'type'));
  const values = valuesOfOne(node);
  return values === undefined ? kinds : common(kinds, new Set(values.map(kindOf)));
}

function kindsOfBranches(branches: readonly SchemaNode[], known: KnownKinds): ReadonlySet<Kind> {
  if (branches.length === 0) return new Set(KINDS);
  return new Set(branches.flatMap((branch) => [...kindsOf(conjunctsOf([branch]), known)]));
}

export function kindsOfType(type: unknown): Set<Kind> {
  if (type === undefined) return new Set(KINDS);
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  return new Set(names.flatMap((name) => (name === 'number' ? ['integer', 'fraction'] : [name])) as Kind[]);
}

export function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction';
  return typeof value as 'boolean' | 'string' | 'object';
}

/** The only values that conjuncts let through, where they name them. */
export function valuesOf(conjuncts: readonly SchemaNode[]): readonly unknown[] | undefined {
  const lists = conjuncts.flatMap((node) => {
    const values = valuesOfOne(node);
    return values === undefined ? [] : [values];
  });
  const [first, ...others] = lists;
  if (first === undefined) return undefined;
  const kinds = kindsOf(conjuncts);
  return first.filter((value) => kinds.has(kindOf(value)) && others.every((list) => list.some((one) => isSameJson(one, value))));
}

export function valuesOfOne(node: SchemaNode): readonly unknown[] | undefined {
  if (isSchemaObject(node.schema) && Object.hasOwn(node.schema, 'const')) return [node.schema['const']];
  const values = keywordOf(node, 'enum');
  return Array.isArray(values) ? (values as unknown[]) : undefined;
}

/** No value gets through. */
export function isImpossible(nodes: readonly SchemaNode[]): boolean {
  const conjuncts = conjunctsOf(nodes);
  return kindsOf(conjuncts).size === 0 || valuesOf(conjuncts)?.length === 0;
}

/** Schemas for the same value: what they look at counts as evaluated, too. */
const IN_PLACE = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'dependentSchemas', 'dependencies'];

/** With no other schema for the same value beside it, `unevaluatedProperties` says what `additionalProperties` would. */
export function isLikeAdditional({ schema, document }: SchemaNode): boolean {
  if (!isSchemaObject(schema) || document.isDraft07) return false;
  return schema['additionalProperties'] === undefined && IN_PLACE.every((keyword) => schema[keyword] === undefined);
}

/** What must hold for properties that are neither named nor matched by a pattern; undefined: nothing. */
export function additionalOf(node: SchemaNode): SchemaNode | undefined {
  return childOf(node, isLikeAdditional(node) ? 'unevaluatedProperties' : 'additionalProperties');
}

/** What conjuncts say of a property of that name. Empty: nothing. */
export function propertyOf(conjuncts: readonly SchemaNode[], name: string): SchemaNode[] {
  return conjuncts.flatMap((node) => {
    const own = childOf(node, 'properties', name);
    const matching = patternsOf(node).filter((pattern) => matches(pattern, name));
    const named = [
      ...(own === undefined ? [] : [own]),
      ...matching.flatMap((pattern) => childOf(node, 'patternProperties', pattern) ?? []),
    ];
    if (named.length > 0) return named;
    return additionalOf(node) ?? [];
  });
}

export const patternsOf = (node: SchemaNode): string[] => Object.keys(mapOf(node, 'patternProperties'));

export const namesOf = (conjuncts: readonly SchemaNode[]): Set<string> =>
  new Set(conjuncts.flatMap((node) => Object.keys(mapOf(node, 'properties'))));

export const isRequired = (conjuncts: readonly SchemaNode[], name: string): boolean =>
  conjuncts.some((node) => listOf(node, 'required').includes(name));

/** Only the properties that are named exist. */
export const isClosed = (conjuncts: readonly SchemaNode[]): boolean =>
  conjuncts.some((node) => additionalOf(node)?.schema === false && patternsOf(node).length === 0);

/** As the check of data does it. A pattern that is none matches all: nothing can then be concluded from what does not match. */
export function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true;
  }
}

/** How many items of an array have a schema of their own. */
export function tupleLength(node: SchemaNode): number {
  return node.document.isDraft07 ? listOf(node, 'items').length : listOf(node, 'prefixItems').length;
}

/** What is said of the item at an index; undefined: nothing. */
export function itemOf(node: SchemaNode, index: number): SchemaNode | undefined {
  const length = tupleLength(node);
  if (index < length) return childOf(node, node.document.isDraft07 ? 'items' : 'prefixItems', index);
  if (node.document.isDraft07 && Array.isArray(keywordOf(node, 'items'))) return childOf(node, 'additionalItems');
  return childOf(node, 'items');
}

export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, index) => isSameJson(value, other[index]));
  if (!isSchemaObject(one) || !isSchemaObject(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => Object.hasOwn(other, key) && isSameJson(one[key], other[key]));
}
