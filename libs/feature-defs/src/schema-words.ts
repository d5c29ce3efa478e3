/** Words in a JSON Schema that JSON Schema does not have: a misspelt keyword is passed over in silence by whoever checks with it. */
import type { Fault } from '@roofshot/contracts/validate';
import { nearestNames, suggestNames } from './nearest.ts';
import { isSchema, type Schema } from './schema-nodes.ts';

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];
/** Their value is a schema, or a list of them. */
const SCHEMAS = ['items', 'additionalItems', 'prefixItems', 'contains', 'additionalProperties', 'unevaluatedProperties'];
const MORE_SCHEMAS = ['unevaluatedItems', 'propertyNames', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'contentSchema'];
/** Their value is a map of names to schemas. */
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'];
const OTHERS =
  'type enum const required minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format minItems ' +
  'maxItems uniqueItems minContains maxContains minProperties maxProperties dependentRequired title description default examples ' +
  'example deprecated readOnly writeOnly nullable contentEncoding contentMediaType $schema $id $ref $anchor $dynamicRef $dynamicAnchor ' +
  '$recursiveRef $recursiveAnchor $comment $vocabulary discriminator';
const INNER = new Set([...SCHEMAS, ...MORE_SCHEMAS]);
const KEYWORDS = [...INNER, ...MAPS, ...OTHERS.split(' ')];
const KNOWN = new Set(KEYWORDS);

/** `faults`: types that do not exist. `doubts`: keywords that do not exist and look like one; others are taken for notes. */
export interface WordFindings {
  readonly faults: readonly Fault[];
  readonly doubts: readonly Fault[];
}

/** Looks through a schema and all schemas in it; pointers begin at it. */
export function checkSchemaWords(schema: Schema): WordFindings {
  const found = schemasIn(schema, '', new Set());
  return {
    faults: found.flatMap(({ path, schema: one }) => typeFaults(one, path)),
    doubts: found.flatMap(({ path, schema: one }) => keywordDoubts(one, path)),
  };
}

interface Found {
  readonly path: string;
  readonly schema: Schema;
}

function schemasIn(value: unknown, path: string, seen: Set<unknown>): Found[] {
  if (Array.isArray(value)) return value.flatMap((one, i) => schemasIn(one, `${path}/${i}`, seen));
  if (!isSchema(value) || seen.has(value)) return [];
  seen.add(value);
  const inner = Object.entries(value).flatMap(([keyword, within]) => {
    const at = `${path}/${escape(keyword)}`;
    if (INNER.has(keyword)) return schemasIn(within, at, seen);
    if (!MAPS.includes(keyword) || !isSchema(within)) return [];
    return Object.entries(within).flatMap(([name, one]) => schemasIn(one, `${at}/${escape(name)}`, seen));
  });
  return [{ path, schema: value }, ...inner];
}

const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

function typeFaults({ type }: Schema, path: string): Fault[] {
  if (type === undefined) return [];
  const isList = Array.isArray(type);
  return (isList ? (type as unknown[]) : [type]).flatMap((word, i) => {
    if (TYPES.includes(word as string)) return [];
    const at = `${path}/type${isList ? `/${i}` : ''}`;
    if (typeof word !== 'string')
      return [{ path: at, message: `a type is a word, one of ${TYPES.join(', ')}; it is ${JSON.stringify(word)}` }];
    return [{ path: at, message: `JSON Schema has no type "${word}"${suggestNames(word, TYPES)}` }];
  });
}

function keywordDoubts(schema: Schema, path: string): Fault[] {
  return Object.keys(schema).flatMap((keyword) => {
    if (KNOWN.has(keyword) || keyword.startsWith('x-')) return [];
    const near = nearestNames(keyword, KEYWORDS);
    if (near.length === 0) return [];
    const message = `JSON Schema has no keyword "${keyword}"; nearest: ${near.join(', ')}. It is passed over as a note; correct it, or begin it with x-`;
    return [{ path: `${path}/${escape(keyword)}`, message }];
  });
}
