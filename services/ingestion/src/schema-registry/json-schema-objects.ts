/** Properties, content models and what depends on a property. */
import { findingAt, type Finding } from './incompatibility.ts';
import type { Case } from './json-schema-case.ts';
import type { SchemaNode } from './json-schema-document.ts';
import {
  additionalOf,
  childOf,
  isClosed,
  isImpossible,
  isRequired,
  keywordOf,
  listOf,
  mapOf,
  matches,
  namesOf,
  patternsOf,
  propertyOf,
} from './json-schema-parts.ts';

/** Beside them a property that is filled in could break, or change, what else is asked. */
const AT_ODDS_WITH_DEFAULTS = [
  'maxProperties',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'patternProperties',
  'propertyNames',
  'unevaluatedProperties',
  'if',
  'not',
  'anyOf',
  'oneOf',
  'allOf',
  '$ref',
];

export function findInRequired(given: Case): Finding[] {
  const { written, read } = given;
  const missing = listOf(read, 'required').filter((name): name is string => typeof name === 'string' && !isRequired(written, name));
  return missing
    .filter((name) => !canTakeDefault(given, name))
    .map((name) =>
      findingAt(`${read.path}/required`, {
        rule: requiredRule(written, name),
        message: `Data may lack the property ${name}, which is required.`,
        fix: `Add a default to the property ${name}, or do not require it.`,
        keep: `Keep ${name} among the required properties of the new schema.`,
      }),
    );
}

function requiredRule(written: readonly SchemaNode[], name: string): string {
  if (namesOf(written).has(name)) return 'REQUIRED_ATTRIBUTE_ADDED';
  const model = isClosed(written) || propertyOf(written, name).length > 0 ? 'UNOPEN' : 'OPEN';
  return `REQUIRED_PROPERTY_ADDED_TO_${model}_CONTENT_MODEL`;
}

function canTakeDefault({ read, fillsDefaults }: Case, name: string): boolean {
  const property = childOf(read, 'properties', name);
  if (!fillsDefaults || property === undefined || AT_ODDS_WITH_DEFAULTS.some((keyword) => keywordOf(read, keyword) !== undefined))
    return false;
  const value = keywordOf(property, 'default');
  return value !== undefined && property.document.accepts(property, value) === true;
}

export function findInProperties(given: Case): Finding[] {
  return Object.keys(mapOf(given.read, 'properties')).flatMap((name) => {
    const read = childOf(given.read, 'properties', name);
    return read === undefined ? [] : findInProperty(given, name, read);
  });
}

function findInProperty({ written, compare, fillsDefaults }: Case, name: string, read: SchemaNode): Finding[] {
  const before = propertyOf(written, name);
  const found = compare(before, read, fillsDefaults);
  if (found.length === 0 || namesOf(written).has(name)) return found;
  if (before.length === 0)
    return [
      findingAt(read.path, {
        rule: 'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL',
        message: `Data may already hold any value as ${name}: the schema that wrote them leaves undeclared properties open, and here ${name} must fit a schema.`,
        fix: 'Close the content model first (additionalProperties: false in a version of its own), then add the property; or let it accept any value ({}).',
        keep: `Keep the property ${name} in the new schema as the older one declares it, or close the new one (additionalProperties: false).`,
      }),
    ];
  return [
    findingAt(read.path, {
      rule: 'PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL',
      message: `Data may already hold ${name}, as patternProperties or additionalProperties allow, with values that are not accepted here.`,
      fix: `Let ${name} accept what patternProperties or additionalProperties accepted, or choose another name.`,
    }),
    ...found,
  ];
}

export function findInAdditional(given: Case): Finding[] {
  const read = additionalOf(given.read);
  if (read === undefined) return [];
  const isCovered = (name: string): boolean =>
    Object.hasOwn(mapOf(given.read, 'properties'), name) || patternsOf(given.read).some((pattern) => matches(pattern, name));
  const removed = [...namesOf(given.written)].filter((name) => !isCovered(name));
  return [
    ...removed.flatMap((name) => findRemoved(given, name, read)),
    ...findInWrittenPatterns(given, { read, except: patternsOf(given.read) }),
    ...findInUndeclared(given, read),
  ];
}

function findRemoved({ written, compare, fillsDefaults }: Case, name: string, read: SchemaNode): Finding[] {
  const before = propertyOf(written, name);
  if (isImpossible(before)) return [];
  if (read.schema !== false) {
    const found = compare(before, read, fillsDefaults);
    return found.length === 0 ? [] : [removedFinding(before, name, 'NOT_COVERED_BY_PARTIALLY_OPEN'), ...found];
  }
  return [removedFinding(before, name, 'FROM_CLOSED')];
}

function removedFinding([before]: readonly SchemaNode[], name: string, how: 'FROM_CLOSED' | 'NOT_COVERED_BY_PARTIALLY_OPEN'): Finding {
  const isClosedNow = how === 'FROM_CLOSED';
  return findingAt(before?.path ?? `#/properties/${name}`, {
    rule: `PROPERTY_REMOVED_${how}_CONTENT_MODEL`,
    message: isClosedNow
      ? `Data may hold the property ${name}, and undeclared properties are refused (additionalProperties: false).`
      : `Data may hold the property ${name} with values that additionalProperties does not accept.`,
    fix: `Keep the property ${name}${isClosedNow ? ', or open the content model (additionalProperties: true)' : ''}.`,
    keep: `Readers of the older schema refuse the new property ${name}: leave it out, or use BACKWARD compatibility and let readers change first.`,
  });
}

interface OtherNames {
  readonly read: SchemaNode;
  /** Patterns that are looked at elsewhere. */
  readonly except: readonly string[];
}

/** Names that a written pattern lets through may be any, so what is said of them must be accepted. */
function findInWrittenPatterns({ written, compare, fillsDefaults }: Case, { read, except }: OtherNames): Finding[] {
  if (isClosed(written)) return [];
  const patterns = written.flatMap((node) =>
    patternsOf(node).flatMap((pattern) => (except.includes(pattern) ? [] : (childOf(node, 'patternProperties', pattern) ?? []))),
  );
  return patterns.flatMap((before) => compare([before], read, fillsDefaults));
}

/** Names that no part of the writing schema declares. */
function findInUndeclared({ written, compare, fillsDefaults }: Case, read: SchemaNode): Finding[] {
  const before = written.flatMap((node) => additionalOf(node) ?? []);
  const found = compare(before, read, fillsDefaults);
  if (found.length === 0) return [];
  const isClosedNow = read.schema === false;
  return [
    findingAt(read.path, {
      rule: isClosedNow ? 'ADDITIONAL_PROPERTIES_REMOVED' : 'ADDITIONAL_PROPERTIES_NARROWED',
      message: `Data may hold properties that are not declared, ${isClosedNow ? 'which are refused' : 'with values that are not accepted'}.`,
      fix: `Leave additionalProperties as it was${before.length === 0 ? ' (absent or true)' : ''}; a content model can only be opened.`,
      keep: 'Close the new schema as the older one is (additionalProperties).',
    }),
    ...(before.length === 0 || isClosedNow ? [] : found),
  ];
}

export function findInPatternProperties(given: Case): Finding[] {
  return patternsOf(given.read).flatMap((pattern) => {
    const read = childOf(given.read, 'patternProperties', pattern);
    return read === undefined ? [] : findInPattern(given, pattern, read);
  });
}

function findInPattern(given: Case, pattern: string, read: SchemaNode): Finding[] {
  const { written, compare, fillsDefaults } = given;
  const same = written.flatMap((node) => childOf(node, 'patternProperties', pattern) ?? []);
  if (same.length > 0) return compare(same, read, fillsDefaults);
  const declared = [...namesOf(written)].filter((name) => matches(pattern, name));
  const found = [
    ...declared.flatMap((name) => compare(propertyOf(written, name), read, fillsDefaults)),
    ...findInWrittenPatterns(given, { read, except: [] }),
    ...compare(
      written.flatMap((node) => additionalOf(node) ?? []),
      read,
      fillsDefaults,
    ),
  ];
  if (found.length === 0) return [];
  return [
    findingAt(read.path, {
      rule: 'PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL',
      message: `Data may hold properties whose names match ${pattern} with values that are not accepted here.`,
      fix: 'Close the content model first (additionalProperties: false in a version of its own), or let the pattern accept any value.',
    }),
  ];
}

export function findInPropertyNames({ written, read, compare }: Case): Finding[] {
  const asked = childOf(read, 'propertyNames');
  if (asked === undefined) return [];
  if (isClosed(written) && [...namesOf(written)].every((name) => asked.document.accepts(asked, name) === true)) return [];
  const before = written.flatMap((node) => childOf(node, 'propertyNames') ?? []);
  const names: SchemaNode = { schema: { type: 'string' }, document: read.document, path: '(a name)' };
  if (compare([names, ...before], asked, false).length === 0) return [];
  return [
    findingAt(asked.path, {
      rule: `PROPERTY_NAMES_${before.length === 0 ? 'ADDED' : 'NARROWED'}`,
      message: 'Data may hold properties whose names are not accepted.',
      fix: before.length === 0 ? 'Drop propertyNames.' : 'Let propertyNames accept what it accepted before.',
    }),
  ];
}
