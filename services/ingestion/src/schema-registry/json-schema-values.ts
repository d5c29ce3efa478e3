/** Types, enumerations, bounds, patterns and formats: what is said of a value by itself. */
import { findingAt, type Finding } from './incompatibility.ts';
import type { Case } from './json-schema-case.ts';
import type { SchemaNode } from './json-schema-document.ts';
import { isSameJson, keywordOf, kindsOfType, valuesOf, valuesOfOne, type Kind } from './json-schema-parts.ts';

interface Bound {
  readonly value: number;
  /** The value itself is outside. */
  readonly isOpen: boolean;
}

interface Limit {
  readonly keyword: string;
  /** Keywords of the writing schema that bound the same thing, this one among them. */
  readonly family: readonly string[];
  readonly rule: string;
  readonly isUpper: boolean;
  readonly kinds: readonly Kind[];
  /** What is outside. */
  readonly outside: (bound: number) => string;
}

const NUMBERS = ['integer', 'fraction'] as const;
const UPPER = ['maximum', 'exclusiveMaximum'];
const LOWER = ['minimum', 'exclusiveMinimum'];

const LIMITS: readonly Limit[] = [
  { keyword: 'maximum', family: UPPER, rule: 'MAXIMUM', isUpper: true, kinds: NUMBERS, outside: (n) => `numbers above ${n}` },
  { keyword: 'minimum', family: LOWER, rule: 'MINIMUM', isUpper: false, kinds: NUMBERS, outside: (n) => `numbers below ${n}` },
  {
    keyword: 'exclusiveMaximum',
    family: UPPER,
    rule: 'EXCLUSIVE_MAXIMUM',
    isUpper: true,
    kinds: NUMBERS,
    outside: (n) => `numbers of ${n} and above`,
  },
  {
    keyword: 'exclusiveMinimum',
    family: LOWER,
    rule: 'EXCLUSIVE_MINIMUM',
    isUpper: false,
    kinds: NUMBERS,
    outside: (n) => `numbers of ${n} and below`,
  },
  ...sizes('Length', 'LENGTH', 'string', (few, n) => `texts of ${few} than ${n} characters`),
  ...sizes('Items', 'ITEMS', 'array', (few, n) => `arrays of ${few} than ${n} items`),
  ...sizes('Properties', 'PROPERTIES', 'object', (few, n) => `objects with ${few} than ${n} properties`),
];

function sizes(noun: string, rule: string, kind: Kind, words: (few: string, bound: number) => string): Limit[] {
  return [true, false].map((isUpper) => {
    const keyword = `${isUpper ? 'max' : 'min'}${noun}`;
    const outside = (bound: number): string => words(isUpper ? 'more' : 'fewer', bound);
    return { keyword, family: [keyword], rule: `${isUpper ? 'MAX' : 'MIN'}_${rule}`, isUpper, kinds: [kind], outside };
  });
}

export function findInLimits({ written, kinds, read }: Case): Finding[] {
  return LIMITS.flatMap((limit) => {
    const asked = keywordOf(read, limit.keyword);
    if (typeof asked !== 'number' || !limit.kinds.some((kind) => kinds.has(kind)) || isAlwaysWithin(limit, asked)) return [];
    const bound = { value: asked, isOpen: limit.keyword.startsWith('exclusive') };
    const given = boundOf(written, limit);
    return given !== undefined && isWithin(given, bound, limit.isUpper) ? [] : [limitFinding(limit, { asked, given, at: read.path })];
  });
}

/** Sizes are never below 0. */
const isAlwaysWithin = ({ family, isUpper }: Limit, asked: number): boolean => family.length === 1 && !isUpper && asked <= 0;

/** The narrowest that the writing schemas give. */
function boundOf(written: readonly SchemaNode[], { family, isUpper }: Limit): Bound | undefined {
  const bounds = family.flatMap((keyword) =>
    written.flatMap((node) => {
      const value = keywordOf(node, keyword);
      return typeof value === 'number' ? [{ value, isOpen: keyword.startsWith('exclusive') }] : [];
    }),
  );
  return bounds.reduce<Bound | undefined>((best, one) => (best === undefined || isWithin(one, best, isUpper) ? one : best), undefined);
}

function isWithin(inner: Bound, outer: Bound, isUpper: boolean): boolean {
  if (inner.value === outer.value) return inner.isOpen || !outer.isOpen;
  return isUpper ? inner.value < outer.value : inner.value > outer.value;
}

interface Asked {
  readonly asked: number;
  readonly given: Bound | undefined;
  readonly at: string;
}

function limitFinding({ keyword, rule, isUpper, outside }: Limit, { asked, given, at }: Asked): Finding {
  const moved = isUpper ? 'DECREASED' : 'INCREASED';
  return findingAt(`${at}/${keyword}`, {
    rule: `${rule}_${given === undefined ? 'ADDED' : moved}`,
    message: `Data may hold ${outside(asked)}, which are not accepted.`,
    fix: given === undefined ? `Drop ${keyword} here.` : `Keep ${keyword} at ${given.value} or let it be wider, or drop it.`,
  });
}

export function findInType({ kinds, read }: Case): Finding[] {
  const asked = keywordOf(read, 'type');
  const accepted = kindsOfType(asked);
  const refused = [...kinds].filter((kind) => !accepted.has(kind));
  if (refused.length === 0) return [];
  const words = refused.map((kind) => (kind === 'fraction' ? 'numbers that are no integers' : `values of type ${kind}`)).join(' and ');
  return [
    findingAt(`${read.path}/type`, {
      rule: refused.length === kinds.size ? 'TYPE_CHANGED' : 'TYPE_NARROWED',
      message: `Data may hold ${words}, and only ${JSON.stringify(asked)} is accepted.`,
      fix: 'Add the missing types to "type" (a list is allowed), or put the new values into a new property.',
    }),
  ];
}

export function findInValues({ written, read }: Case): Finding[] {
  const accepted = valuesOfOne(read);
  if (accepted === undefined) return [];
  const given = valuesOf(written);
  const refused = given?.filter((value) => !accepted.some((one) => isSameJson(one, value)));
  if (refused?.length === 0) return [];
  const path = `${read.path}/${keywordOf(read, 'enum') === undefined ? 'const' : 'enum'}`;
  if (given === undefined || refused === undefined)
    return [
      findingAt(path, {
        rule: 'ENUM_ARRAY_ADDED',
        message: `Data may hold any value here, and only ${listed(accepted)} is accepted.`,
        fix: 'Drop the enumeration, or use it for a new property.',
      }),
    ];
  return [
    findingAt(path, {
      rule: refused.length < given.length ? 'ENUM_ARRAY_NARROWED' : 'ENUM_ARRAY_CHANGED',
      message: `Data may hold ${listed(refused)}, which the enumeration does not accept.`,
      fix: `Add ${listed(refused)} to the enumeration.`,
    }),
  ];
}

/** Values shown in a sentence: at most so many, for sentences that can be read. */
const SHOWN = 10;

function listed(values: readonly unknown[]): string {
  const shown = values.slice(0, SHOWN).map((value) => JSON.stringify(value));
  return values.length > SHOWN ? `${shown.join(', ')} and ${values.length - SHOWN} more` : shown.join(', ');
}

export function findInMultiple({ written, kinds, read }: Case): Finding[] {
  const asked = keywordOf(read, 'multipleOf');
  if (typeof asked !== 'number' || !(kinds.has('integer') || kinds.has('fraction'))) return [];
  if (asked === 1 && !kinds.has('fraction')) return [];
  const given = written.map((node) => keywordOf(node, 'multipleOf')).filter((one) => typeof one === 'number');
  if (given.some((one) => one === asked || (Number.isInteger(one) && Number.isInteger(asked) && one % asked === 0))) return [];
  return [
    findingAt(`${read.path}/multipleOf`, {
      rule: given.length === 0 ? 'MULTIPLE_OF_ADDED' : 'MULTIPLE_OF_CHANGED',
      message: `Data may hold numbers that are no multiples of ${asked}, which are not accepted.`,
      fix: given.length === 0 ? 'Drop multipleOf here.' : `Use a divisor of ${given[0]}, or drop multipleOf.`,
    }),
  ];
}

/** What one text cannot be shown to imply of another: only the same is accepted. */
export function findInTexts({ written, kinds, read }: Case): Finding[] {
  const checks = [
    { keyword: 'pattern', rule: 'PATTERN', applies: kinds.has('string') },
    { keyword: 'format', rule: 'FORMAT', applies: kinds.has('string') || kinds.has('integer') || kinds.has('fraction') },
  ];
  return checks.flatMap(({ keyword, rule, applies }) => {
    const asked = keywordOf(read, keyword);
    const given = written.map((node) => keywordOf(node, keyword)).filter((one) => one !== undefined);
    if (!applies || typeof asked !== 'string' || given.includes(asked)) return [];
    return [
      findingAt(`${read.path}/${keyword}`, {
        rule: `${rule}_${given.length === 0 ? 'ADDED' : 'CHANGED'}`,
        message: `Data may hold values that do not fit the ${keyword} ${JSON.stringify(asked)}; whether others imply it cannot be shown.`,
        fix: given.length === 0 ? `Drop ${keyword} here.` : `Keep ${JSON.stringify(given[0])}, or drop ${keyword}.`,
      }),
    ];
  });
}

/** Whether the values that are named are all there is, and each is accepted as a whole. */
export function acceptsAllValues(written: readonly SchemaNode[], read: SchemaNode): boolean {
  const values = valuesOf(written);
  return values !== undefined && values.every((value) => read.document.accepts(read, value) === true);
}
