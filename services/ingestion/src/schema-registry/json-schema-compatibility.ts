/**
 * Whether one JSON Schema accepts all data of another. What cannot be shown is refused, so «compatible» is always true: every value that
 * is valid under the writing schema is valid under the reading one, with a missing required property taking its default.
 */
import { findingAt, incompatibilitiesOf, type ChangedSide, type Finding, type Incompatibility } from './incompatibility.ts';
import { findInContains, findInItems, findInUnique } from './json-schema-arrays.ts';
import type { Rule } from './json-schema-case.ts';
import {
  findInAllOf,
  findInAnyOf,
  findInCondition,
  findInNot,
  findInOneOf,
  findInReference,
  findInWhole,
} from './json-schema-combinations.ts';
import { findInDependentRequired, findInDependentSchemas } from './json-schema-dependencies.ts';
import type { JsonSchemaDocument, SchemaNode } from './json-schema-document.ts';
import { findInAdditional, findInPatternProperties, findInProperties, findInPropertyNames, findInRequired } from './json-schema-objects.ts';
import { branchesOf, conjunctsOf, isImpossible, keywordOf, kindsOf, placeOf, type Kind } from './json-schema-parts.ts';
import { acceptsAllValues, findInLimits, findInMultiple, findInTexts, findInType, findInValues } from './json-schema-values.ts';

const RULES: readonly Rule[] = [
  findInReference,
  findInAllOf,
  findInType,
  findInValues,
  findInLimits,
  findInMultiple,
  findInTexts,
  findInAnyOf,
  findInOneOf,
  findInNot,
  findInCondition,
  findInDependentSchemas,
  findInWhole,
];
const OF_OBJECTS: readonly Rule[] = [
  findInRequired,
  findInProperties,
  findInAdditional,
  findInPatternProperties,
  findInPropertyNames,
  findInDependentRequired,
];
const OF_ARRAYS: readonly Rule[] = [findInItems, findInUnique, findInContains];

/** Steps of one comparison. Alternatives within alternatives multiply; real schemas need some hundreds. */
const MAX_STEPS = 5_000;

/** Everything that the reading schema refuses of data that were written with the other; none: it reads all of them. */
export function jsonSchemaIncompatibilities(
  written: JsonSchemaDocument,
  read: JsonSchemaDocument,
  changed: ChangedSide = 'reader',
): Incompatibility[] {
  return incompatibilitiesOf(findAll(written, read), changed);
}

function findAll(written: JsonSchemaDocument, read: JsonSchemaDocument): Finding[] {
  const comparison = new Comparison();
  try {
    const found = comparison.compare([written.root], read.root, true);
    return comparison.isCutShort ? [tooLarge(read.root), ...found] : found;
  } catch (error) {
    if (error instanceof RangeError) return [tooLarge(read.root)]; // nested deeper than the stack is
    throw error;
  }
}

const tooLarge = ({ path }: SchemaNode): Finding =>
  findingAt(path, {
    rule: 'COMPARISON_TOO_LARGE',
    message: `Data could not be shown to be accepted within ${MAX_STEPS} steps: the schemas are nested too deeply, or have too many alternatives.`,
    fix: 'Use fewer anyOf and oneOf within each other.',
  });

class Comparison {
  /** Pairs that are being compared: one that comes again lies deeper in the data, and holds if all else does. */
  readonly #open = new Set<string>();
  #steps = 0;

  get isCutShort(): boolean {
    return this.#steps > MAX_STEPS;
  }

  readonly compare = (written: readonly SchemaNode[], read: SchemaNode, fillsDefaults: boolean): Finding[] => {
    if (read.schema === true) return [];
    const conjuncts = conjunctsOf(written);
    const key = `${conjuncts.map(placeOf).join(' ')} > ${placeOf(read)} ${fillsDefaults}`;
    if (this.#open.has(key)) return [];
    this.#steps += 1;
    if (this.isCutShort) return [tooLarge(read)];
    this.#open.add(key);
    try {
      return this.#decide(conjuncts, read, fillsDefaults);
    } finally {
      this.#open.delete(key);
    }
  };

  #decide(written: readonly SchemaNode[], read: SchemaNode, fillsDefaults: boolean): Finding[] {
    if (isImpossible(written) || acceptsAllValues(written, read)) return [];
    const found = this.#findDirectly(written, read, fillsDefaults);
    if (found.length === 0) return [];
    const cases = casesOf(written, read);
    return cases.length === 0 ? found : cases.flatMap((one) => this.compare(one, read, fillsDefaults));
  }

  #findDirectly(written: readonly SchemaNode[], read: SchemaNode, fillsDefaults: boolean): Finding[] {
    const kinds = kindsOf(written);
    if (read.schema === false) return [nothingAccepted(read)];
    const rules = [...RULES, ...(kinds.has('object') ? OF_OBJECTS : []), ...(kinds.has('array') ? OF_ARRAYS : [])];
    return rules.flatMap((rule) => rule({ written, kinds, read, fillsDefaults, compare: this.compare }));
  }
}

const nothingAccepted = ({ path }: SchemaNode): Finding =>
  findingAt(path, { rule: 'TYPE_CHANGED', message: 'Data may hold a value where none is accepted.', fix: 'Accept the value here.' });

/** The alternatives of what was written, each to be looked at on its own; none where it has no alternatives. */
function casesOf(written: readonly SchemaNode[], read: SchemaNode): SchemaNode[][] {
  for (const [index, node] of written.entries()) {
    const keyword = ['anyOf', 'oneOf'].find((one) => branchesOf(node, one).length > 0);
    if (keyword === undefined) continue;
    const rest = written.with(index, { ...node, without: [...(node.without ?? []), keyword] });
    return branchesOf(node, keyword).map((branch) => [...rest, branch]);
  }
  return hasAlternatives(read) ? casesByType(written, read) : [];
}

const hasAlternatives = (read: SchemaNode): boolean =>
  conjunctsOf([read]).some((node) => ['anyOf', 'oneOf', 'not', 'if'].some((keyword) => keywordOf(node, keyword) !== undefined));

function casesByType(written: readonly SchemaNode[], read: SchemaNode): SchemaNode[][] {
  const types = typesOf(kindsOf(written));
  if (types.length < 2) return [];
  return types.map((type) => [...written, { schema: { type }, document: read.document, path: `(type ${type})` }]);
}

function typesOf(kinds: ReadonlySet<Kind>): string[] {
  const types = [...kinds].map((kind) => (kind === 'fraction' ? 'number' : kind));
  return types.includes('number') ? types.filter((type) => type !== 'integer') : types;
}
