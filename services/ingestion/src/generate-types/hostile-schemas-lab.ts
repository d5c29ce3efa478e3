/** Generated schemas with names and descriptions that break generators of code, and values for them. */
import { compileSchema } from '../compile-schema.ts';
import type { SchemaObject } from '../schema-registry/json-schema-document.ts';
import { SchemaGenerator } from '../schema-registry/schema-generator-lab.ts';

export interface HostileCase {
  readonly seed: number;
  readonly schema: SchemaObject;
  /** That the schema takes. */
  readonly values: readonly unknown[];
}

/** Those of the generator, which stand for other names here. */
const PLAIN = ['a', 'b', 'c', 'ab', 'x1'];
const NAMES = [
  'post-code',
  'class',
  'list',
  'str',
  'None',
  'type',
  'kind',
  '__private',
  '_one',
  '1st',
  '0',
  '',
  'ключ',
  '日本',
  'a b',
  '"quoted"',
  "it's",
  '*/',
  'new\nline',
  '\\',
  '\\"',
  '${x}',
  '`',
  '\u2028',
  '\u202e',
  '\u007f',
  'constructor',
  'toString',
  'readonly',
  'Union',
  'NotRequired',
  'HostileOneData',
  '😀',
  '#',
  'items',
];
const TEXTS = [
  '*/ export const broken: number = "x";',
  '@ts-expect-error',
  'type: ignore',
  'type: int',
  'mypy: ignore-errors',
  'coding: latin-1',
  '"""',
  "'''",
  'one line\nand another\r\nand a third',
  'a\u2028b\u0085c\fd',
  '\\',
  'ends in a backslash \\',
  '`${x}`',
  '/* /** //',
  ' \n ',
  '\u202ereversed',
];

/** The same for a seed on every machine. Undefined where the generator made a schema that no event type may have. */
export function hostileCase(seed: number, tries = 40): HostileCase | undefined {
  const generator = new SchemaGenerator(seed, seed % 3 === 0);
  const plain = generator.root();
  const names = new Map(PLAIN.map((name) => [name, generator.pick(NAMES)]));
  if (new Set(names.values()).size < names.size) return undefined;
  const values = Array.from({ length: tries }, () => renamed(generator.valueFor(plain, plain), names));
  const schema = renamed(described(plain, generator), names) as SchemaObject;
  const fault = checkOf(schema);
  if (fault === undefined) return undefined;
  return { seed, schema, values: values.filter((value) => fault(value) === undefined) };
}

function checkOf(schema: SchemaObject): ReturnType<typeof compileSchema> | undefined {
  try {
    return compileSchema(schema);
  } catch {
    return undefined; // endless
  }
}

/** Names of properties are keys, and texts in lists of names. */
function renamed(value: unknown, names: ReadonlyMap<string, string>, key = ''): unknown {
  if (typeof value === 'string') return key === 'required' || PLAIN.includes(key) ? (names.get(value) ?? value) : value;
  if (Array.isArray(value)) return value.map((one) => renamed(one, names, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [names.get(name) ?? name, renamed(one, names, name)]));
}

/** With a description in every place that has a type. */
function described(value: unknown, generator: SchemaGenerator): unknown {
  if (Array.isArray(value)) return value.map((one) => described(one, generator));
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, described(one, generator)]));
  const hasType = typeof inner['type'] === 'string' || Array.isArray(inner['type']);
  return hasType ? { ...inner, title: generator.pick(TEXTS), description: generator.pick(TEXTS) } : inner;
}
