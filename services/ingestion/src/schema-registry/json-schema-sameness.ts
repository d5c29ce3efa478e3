/** Whether two schemas say the same, word for word, for keywords that can only be compared like that. */
import { isSchemaObject, type JsonSchemaDocument, type SchemaNode, type SchemaObject } from './json-schema-document.ts';
import { isSameJson } from './json-schema-parts.ts';

/** They say nothing about which data are valid; what definitions say is compared where it is referred to. */
const SAYS_NOTHING = new Set([
  'title',
  'description',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$comment',
  '$schema',
  '$id',
  '$defs',
  'definitions',
]);
const MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas', 'dependencies']);
const DATA = new Set(['const', 'enum', 'required', 'type']);
/** They mean something else in another place. */
const DYNAMIC = ['$dynamicRef', '$recursiveRef'];

/** Pairs that were looked at: where one of them differs, all does, so each is looked at once. */
type Seen = Set<string>;

export function isSame(one: SchemaNode, other: SchemaNode, seen: Seen = new Set()): boolean {
  if (!isSchemaObject(one.schema) || !isSchemaObject(other.schema)) return one.schema === other.schema;
  const pair = `${one.path} ${other.path}`;
  if (seen.has(pair)) return true;
  seen.add(pair);
  const keywords = new Set([...keywordsOf(one.schema), ...keywordsOf(other.schema)]);
  return [...keywords].every((keyword) => isSameKeyword(keyword, [one, other], seen));
}

const keywordsOf = (schema: SchemaObject): string[] => Object.keys(schema).filter((keyword) => !SAYS_NOTHING.has(keyword));

type Pair = readonly [SchemaNode, SchemaNode];

function isSameKeyword(keyword: string, [one, other]: Pair, seen: Seen): boolean {
  const [left, right] = [one, other].map(({ schema }) => (schema as SchemaObject)[keyword]);
  if (left === undefined || right === undefined) return false;
  if (DATA.has(keyword)) return isSameJson(left, right);
  if (DYNAMIC.includes(keyword)) return isSame(one.document.root, other.document.root, seen) && left === right;
  if (keyword === '$ref') return left === right && isSameTarget([one, other], seen);
  if (MAPS.has(keyword)) return isSameMap(keyword, [one, other], seen);
  return isSameValue([step(one, keyword), step(other, keyword)], [left, right], seen);
}

function isSameTarget([one, other]: Pair, seen: Seen): boolean {
  const [left, right] = [one.document.target(one), other.document.target(other)];
  return left !== undefined && right !== undefined && isSame(left, right, seen);
}

function isSameMap(keyword: string, [one, other]: Pair, seen: Seen): boolean {
  const [left, right] = [one, other].map(({ schema }) => (schema as SchemaObject)[keyword]);
  if (!isSchemaObject(left) || !isSchemaObject(right)) return isSameJson(left, right);
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every(
    (name) =>
      Object.hasOwn(right, name) &&
      isSameValue([step(step(one, keyword), name), step(step(other, keyword), name)], [left[name], right[name]], seen),
  );
}

interface Place {
  readonly document: JsonSchemaDocument;
  readonly path: string;
}

const step = ({ document, path }: Place, name: string): Place => ({
  document,
  path: `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
});

function isSameValue([one, other]: readonly [Place, Place], [left, right]: readonly [unknown, unknown], seen: Seen): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    const items = left as unknown[];
    return (
      items.length === right.length &&
      items.every((item, index) => isSameValue([step(one, String(index)), step(other, String(index))], [item, right[index]], seen))
    );
  }
  if (isSchemaObject(left) && isSchemaObject(right)) return isSame({ ...one, schema: left }, { ...other, schema: right }, seen);
  return left === right;
}
