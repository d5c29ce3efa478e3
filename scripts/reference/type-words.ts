/** What a schema admits, in words for people who write YAML. */
import { Duration, Expression, Name, Probability } from '@roofshot/contracts/ids';
import { Identifier } from '@roofshot/contracts/resources/feature-kinds';
import { Scalar } from '@roofshot/contracts/resources/training-job';

/** The keywords of JSON Schema that the kinds use. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[] | undefined;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Texts and numbers that many fields share, and what they are. */
export const NAMED: readonly { readonly name: string; readonly schema: object; readonly meaning: string }[] = [
  {
    name: 'name',
    schema: Name,
    meaning: 'at most 80 small letters, digits, dots and hyphens; the first and the last are a letter or a digit',
  },
  { name: 'identifier', schema: Identifier, meaning: 'a small letter, then at most 62 small letters, digits and underscores' },
  { name: 'duration', schema: Duration, meaning: 'whole seconds, minutes, hours or days: `30s`, `5m`, `24h`, `7d`' },
  { name: 'scalar', schema: Scalar, meaning: 'a number, a text or a boolean' },
  { name: 'share', schema: Probability, meaning: 'a number from 0 to 1' },
  {
    name: 'expression',
    schema: Expression,
    meaning: '[CEL](https://cel.dev), at most 2,000 characters; its field says what it may read',
  },
];

const PLAIN: Readonly<Record<string, string>> = { string: 'text', boolean: 'boolean', object: 'object' };

/** One field's type with its bounds: `list of 1 to 8 durations`. */
export function typeWords(schema: JsonSchema): string {
  const named = NAMED.find(({ schema: known }) => isSame(schema, known));
  if (named !== undefined) return named.name;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.anyOf !== undefined) return choiceWords(schema.anyOf);
  if (schema.items !== undefined) return listWords(schema, schema.items);
  if (schema.patternProperties !== undefined) return mapWords(schema.patternProperties);
  if (schema.type === 'integer' || schema.type === 'number') return numberWords(schema);
  if (schema.type === 'string') return textWords(schema);
  return PLAIN[schema.type ?? ''] ?? 'anything';
}

/** Every keyword but what is said about the one field. */
function isSame(schema: JsonSchema, known: object): boolean {
  const { description: _said, default: _taken, ...bounds } = schema;
  return JSON.stringify(bounds) === JSON.stringify(known);
}

const code = (value: unknown): string => `\`${String(value)}\``;

function choiceWords(branches: readonly JsonSchema[]): string {
  // A list comes last, or the others would seem to be in it.
  const ordered = [...branches].sort((a, b) => Number(a.items !== undefined) - Number(b.items !== undefined));
  const words = [...new Set(ordered.map(typeWords))];
  return words.length === 1 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** So that a choice within other words is read as one. */
const grouped = (words: string): string => (words.includes(' or ') ? `(${words})` : words);

function listWords({ minItems, maxItems }: JsonSchema, items: JsonSchema): string {
  const what = grouped(typeWords(items));
  if (minItems === undefined && maxItems === undefined) return `list of ${plural(what)}`;
  if (minItems === undefined) return `list of at most ${maxItems} ${plural(what)}`;
  return maxItems === undefined
    ? `list of at least ${minItems} ${plural(what, minItems)}`
    : `list of ${minItems} to ${maxItems} ${plural(what)}`;
}

function plural(words: string, count = 2): string {
  return count === 1 ? words : words.replace(/^[a-z]+/, '$&s');
}

function mapWords(patterns: NonNullable<JsonSchema['patternProperties']>): string {
  const [[pattern, value] = ['', {}]] = Object.entries(patterns);
  const key = NAMED.find(({ schema }) => (schema as JsonSchema).pattern === pattern)?.name ?? 'text';
  return Object.keys(value).length === 0 ? 'object' : `map from ${key} to ${grouped(typeWords(value))}`;
}

function numberWords({ type = '', minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  if (exclusiveMinimum !== undefined) return `${type} above ${figure(exclusiveMinimum)}`;
  if (minimum === undefined) return maximum === undefined ? type : `${type} of at most ${figure(maximum)}`;
  return maximum === undefined ? `${type} of at least ${figure(minimum)}` : `${type} from ${figure(minimum)} to ${figure(maximum)}`;
}

function textWords({ pattern, minLength = 0, maxLength }: JsonSchema): string {
  if (pattern !== undefined) return `text that matches \`${pattern}\``;
  if (maxLength !== undefined) return `text of at most ${figure(maxLength)} characters`;
  return minLength > 0 ? 'text, not empty' : 'text';
}

const figure = (value: number): string => value.toLocaleString('en-US');
