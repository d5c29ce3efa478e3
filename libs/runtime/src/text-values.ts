/** Environment variables, query strings and path parts are texts: their values by a TypeBox schema, and the words for what is allowed. */
import type { TSchema } from 'typebox';
import { validatorOf } from '@roofshot/contracts/validate';
import { DURATION_MARK, parseDuration } from './durations.ts';

/** What of JSON Schema is looked at here. */
interface Described {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly TSchema[];
  readonly items?: TSchema;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly description?: string;
  readonly [DURATION_MARK]?: boolean;
}

/**
 * The value that a text stands for under a schema: numbers, booleans (`true`, `false`, `1`, `0`), durations, lists separated by
 * commas, unions. A text that stands for none is answered as it is, so that validation tells what is wrong with it.
 */
export function valueOfText(schema: TSchema, text: string): unknown {
  const { type, const: constant, anyOf, items, [DURATION_MARK]: isDuration } = schema as Described;
  if (anyOf !== undefined) return valueOfUnion(anyOf, text);
  if (isDuration === true) return parseDuration(text) ?? text;
  if (type === 'array')
    return text === '' ? [] : text.split(',').map((part) => (items === undefined ? part : valueOfText(items, part.trim())));
  if (type === 'integer' || type === 'number' || typeof constant === 'number') return numberOf(text) ?? text;
  if (type === 'boolean' || typeof constant === 'boolean') return BOOLEANS.get(text.toLowerCase()) ?? text;
  return text;
}

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function numberOf(text: string): number | undefined {
  if (!DECIMAL.test(text.trim())) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function valueOfUnion(alternatives: readonly TSchema[], text: string): unknown {
  const values = alternatives.map((schema) => ({ schema, value: valueOfText(schema, text) }));
  return values.find(({ schema, value }) => validatorOf(schema).check(value))?.value ?? text;
}

/** The values that a schema allows, in words for the person who set the text: `a whole number from 1 to 100`. */
export function allowedBy(schema: TSchema): string {
  const { type, const: constant, anyOf, items, pattern, format, minLength, [DURATION_MARK]: isDuration } = schema as Described;
  if (anyOf !== undefined) return anyOf.map(allowedBy).join(' or ');
  if (constant !== undefined) return String(constant);
  if (isDuration === true) return 'a duration such as 500ms, 30s, 5m, 24h or 7d';
  if (type === 'array') return `a list separated by commas${items === undefined ? '' : `, each ${allowedBy(items)}`}`;
  if (type === 'boolean') return 'true or false';
  if (type === 'integer') return `a whole number${boundsOf(schema)}`;
  if (type === 'number') return `a number${boundsOf(schema)}`;
  if (pattern !== undefined) return `a text that matches ${pattern}`;
  if (format !== undefined) return `a ${format}`;
  return minLength === undefined ? 'a text' : 'a text that is not empty';
}

function boundsOf(schema: TSchema): string {
  const { minimum, maximum, exclusiveMinimum } = schema as Described;
  const lower = minimum !== undefined ? ` from ${minimum}` : exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : '';
  return maximum === undefined ? lower : `${lower} to ${maximum}`;
}
