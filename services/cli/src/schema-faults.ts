/** Faults of a resource against the schema of its kind, in the words of somebody who writes YAML. */
import type { TSchema } from 'typebox';
import { Duration, Name } from '@roofshot/contracts/ids';
import { EventType } from '@roofshot/contracts/resources/event-type';
import { Identifier } from '@roofshot/contracts/resources/feature-kinds';
import { validatorOf, type Fault } from '@roofshot/contracts/validate';
import { checkSchemaWords } from '@roofshot/feature-defs/schema-words';
import { suggest } from '@roofshot/runtime/nearest';
import { partsOf, valueAt } from './pointers.ts';

const UNKNOWN = /^there is no property (.+) here; there (?:are .+|is none)$/s;
const MISSING = /^must have required propert(?:y|ies) (.+)$/;

/**
 * Pointers begin at the value. An unknown property is told where it stands, with the names that are near; so are, in an event type,
 * types that JSON Schema does not have.
 */
export function schemaFaults(schema: TSchema, value: unknown): Fault[] {
  const data = schema === EventType.spec ? valueAt(value, '/schema') : undefined;
  const words = isObject(data) ? checkSchemaWords(data).faults.map(({ path, message }) => ({ path: `/schema${path}`, message })) : [];
  return [...shapeFaults(schema, value), ...words];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shapeFaults(schema: TSchema, value: unknown): Fault[] {
  const faults = withoutConsequences(validatorOf(schema).faults(value));
  return faults.flatMap((fault): Fault[] => {
    const unknown = UNKNOWN.exec(fault.message)?.[1];
    if (unknown !== undefined) {
      const known = propertiesAt(schema, fault.path.slice(0, fault.path.lastIndexOf('/')));
      return [{ path: fault.path, message: `there is no property ${unknown} here. ${suggest(unknown, known)}` }];
    }
    const missing = MISSING.exec(fault.message)?.[1];
    if (missing !== undefined) return [{ path: fault.path, message: `${listWords(missing.split(', '))} missing here` }];
    const found = valueAt(value, fault.path);
    return [{ path: fault.path, message: `${formOf(fault.message)}; it is ${describe(found)}` }];
  });
}

/** `a is`, `a and b are`, `a, b and c are`. */
function listWords(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? `${last} is` : `${names.slice(0, -1).join(', ')} and ${last} are`;
}

/** What a pattern means, for those that people meet. */
const FORMS: ReadonlyMap<string, string> = new Map([
  [patternOf(Duration), 'must be a duration like 30s, 5m, 24h or 7d'],
  [patternOf(Name), 'must be a name of at most 80 small letters, digits, dots and hyphens'],
  [patternOf(Identifier), 'must be an identifier: a small letter, then small letters, digits and underscores'],
]);

function patternOf(schema: TSchema): string {
  return (schema as { readonly pattern?: string }).pattern ?? '';
}

function formOf(message: string): string {
  const pattern = /^must match pattern "(.+)"$/.exec(message)?.[1];
  return FORMS.get(pattern ?? '') ?? message;
}

/** Where no branch of a choice fits, every branch complains; the sentence about the choice itself says enough. */
function withoutConsequences(faults: readonly Fault[]): Fault[] {
  const choices = faults.filter(({ message }) => message.startsWith('must match a schema in anyOf')).map(({ path }) => path);
  const isBranch = ({ path, message }: Fault): boolean =>
    !message.startsWith('must match a schema in anyOf') && choices.some((choice) => path === choice || path.startsWith(`${choice}/`));
  const simple = faults.filter((fault) => !isBranch(fault));
  return simple.map((fault) => (choices.includes(fault.path) ? { path: fault.path, message: choiceWords(faults, fault.path) } : fault));
}

/** What each of the branches asks for. */
function choiceWords(faults: readonly Fault[], path: string): string {
  const others = faults.filter((fault) => fault.path !== path || !fault.message.startsWith('must match a schema in anyOf'));
  const within = others.filter((fault) => fault.path === path || fault.path.startsWith(`${path}/`)).map((fault) => fault.message);
  return [...new Set(within)].join(', or ') || 'fits none of the forms that are allowed here';
}

interface Part {
  readonly properties?: Readonly<Record<string, Part>>;
  readonly patternProperties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
}

/** The properties that the schema has at a place; of all branches of a choice. */
function propertiesAt(schema: TSchema, pointer: string): string[] {
  const parts = partsOf(pointer).reduce((at, part) => at.flatMap((one) => partAt(one, part)), branchesOf(schema as Part));
  return [...new Set(parts.flatMap((part) => Object.keys(part.properties ?? {})))];
}

function partAt(schema: Part, part: string): Part[] {
  const found = schema.properties?.[part] ?? schema.items ?? Object.values(schema.patternProperties ?? {})[0];
  return found === undefined ? [] : branchesOf(found);
}

const branchesOf = (schema: Part): Part[] => (schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(branchesOf));

const MOST = 60;

function describe(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}
