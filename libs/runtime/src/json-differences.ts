import type { TSchema } from 'typebox';
import { validatorOf } from '@roofshot/contracts/validate';

/** Where two JSON values differ: a JSON pointer and both sides; null stands for «not there». */
export interface Difference {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * All differences between two JSON values, each as deep as it goes. The order of keys counts only where the schema says
 * that keys are the user's own (a record: «the first that holds»), not in objects with named properties.
 */
export function differencesOf(from: unknown, to: unknown, schema?: TSchema, path = ''): Difference[] {
  if (Array.isArray(from) && Array.isArray(to)) return arrayDifferences(from, to, schema, path);
  if (isObject(from) && isObject(to)) return objectDifferences(from, to, schema, path);
  return Object.is(from, to) ? [] : [{ path, from: from ?? null, to: to ?? null }];
}

function arrayDifferences(from: readonly unknown[], to: readonly unknown[], schema: TSchema | undefined, path: string): Difference[] {
  const { items } = resolve(schema, to);
  const length = Math.max(from.length, to.length);
  return Array.from({ length }, (_, index) => differencesOf(from[index], to[index], items, `${path}/${index}`)).flat();
}

function objectDifferences(from: Json, to: Json, schema: TSchema | undefined, path: string): Difference[] {
  const { properties = {}, patternProperties = {} } = resolve(schema, to);
  const [record] = Object.values(patternProperties);
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  const found = [...keys].flatMap((key) => differencesOf(from[key], to[key], properties[key] ?? record, `${path}/${escapePointer(key)}`));
  if (found.length > 0 || record === undefined) return found;
  return differencesOf(JSON.stringify(Object.keys(from)), JSON.stringify(Object.keys(to))).map(() => ({ path, from, to }));
}

interface Shape {
  readonly items?: TSchema;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly patternProperties?: Readonly<Record<string, TSchema>>;
  readonly anyOf?: readonly TSchema[];
}

/** Of a union, the alternative that the value meets. */
function resolve(schema: TSchema | undefined, value: unknown): Shape {
  const shape: Shape = schema ?? {};
  if (shape.anyOf === undefined) return shape;
  return resolve(
    shape.anyOf.find((alternative) => validatorOf(alternative).check(value)),
    value,
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6901. */
function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
