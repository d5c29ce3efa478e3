/**
 * What a JSON Schema says about values, as far as a type can say it: the alternatives that a value may be. Every operation here may only
 * widen: each value that the schema takes is one of the shape.
 */
export type ScalarType = 'null' | 'boolean' | 'integer' | 'number' | 'string';
export type LiteralValue = string | number | boolean | null;

/** One of these; none: no value at all. */
export type Shape = readonly Alternative[];

export type Alternative = Anything | Scalar | Literal | List | Fields | Named;

export interface Anything {
  readonly kind: 'anything';
}
export interface Scalar {
  readonly kind: 'scalar';
  readonly type: ScalarType;
}
export interface Literal {
  readonly kind: 'literal';
  readonly value: LiteralValue;
}
export interface List {
  readonly kind: 'list';
  /** The first items, by position. */
  readonly first: readonly Shape[];
  readonly rest: Shape;
  /** So many of the first items are always there. */
  readonly atLeast: number;
}
export interface Fields {
  readonly kind: 'fields';
  readonly fields: ReadonlyMap<string, Field>;
  /** Of every field that is not among them; NOTHING: there is no other. */
  readonly others: Shape;
}
/** A schema that others refer to, by its place in the document. */
export interface Named {
  readonly kind: 'named';
  readonly path: string;
}

export interface Field {
  readonly shape: Shape;
  readonly isRequired: boolean;
  /** For people: what the schema says of it beside its type. */
  readonly notes: readonly string[];
}

export const ANYTHING: Shape = [{ kind: 'anything' }];
export const NOTHING: Shape = [];
export const ANY_LIST: List = { kind: 'list', first: [], rest: ANYTHING, atLeast: 0 };
export const ANY_FIELDS: Fields = { kind: 'fields', fields: new Map(), others: ANYTHING };

export const isAnything = (shape: Shape): boolean => shape.some(({ kind }) => kind === 'anything');
export const isNothing = (shape: Shape): boolean => shape.length === 0;
export const scalar = (type: ScalarType): Scalar => ({ kind: 'scalar', type });
export const fieldShape = ({ fields, others }: Fields, name: string): Shape => fields.get(name)?.shape ?? others;
export const itemShape = ({ first, rest }: List, index: number): Shape => first[index] ?? rest;

/** Whether a scalar has the literal among its values. */
export function holds({ type }: Scalar, { value }: Literal): boolean {
  if (type === 'null') return value === null;
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

/** What is in any of them, each alternative once; lists and objects that are alike may be there several times. */
export function unionOf(shapes: readonly Shape[]): Shape {
  const all = shapes.flat();
  if (isAnything(all)) return ANYTHING;
  if (all.length < 2) return all;
  const types = new Set(all.flatMap((one) => (one.kind === 'scalar' ? [one.type] : [])));
  const isCovered = (one: Alternative): boolean =>
    (one.kind === 'literal' && [...types].some((type) => holds(scalar(type), one))) ||
    (one.kind === 'scalar' && one.type === 'integer' && types.has('number'));
  const distinct = new Map(all.filter((one) => !isCovered(one)).map((one) => [keyOf(one), one]));
  return withoutBothBooleans([...distinct.values()]);
}

function withoutBothBooleans(shape: Shape): Shape {
  const isBoolean = (one: Alternative): boolean => one.kind === 'literal' && typeof one.value === 'boolean';
  return shape.filter(isBoolean).length < 2 ? shape : [scalar('boolean'), ...shape.filter((one) => !isBoolean(one))];
}

/** The same for alternatives that are alike. Lists and objects are only like themselves: to compare them would cost more than it is worth. */
function keyOf(one: Alternative): unknown {
  return one.kind === 'list' || one.kind === 'fields' ? one : JSON.stringify(one);
}

/** How many parts a shape has, at most `most`: what lies behind names does not count. */
export function sizeOf(shape: Shape, most: number): number {
  let size = 0;
  for (const one of shape) {
    const left = most - size;
    if (left <= 0) return most;
    size += 1 + partsOf(one).reduce((sum, part) => (sum < left ? sum + sizeOf(part, left - sum) : sum), 0);
  }
  return Math.min(size, most);
}

function partsOf(one: Alternative): readonly Shape[] {
  if (one.kind === 'list') return [...one.first, one.rest];
  return one.kind === 'fields' ? [...[...one.fields.values()].map(({ shape }) => shape), one.others] : [];
}

/** True where nothing is left out but what lies within lists and objects: a type cannot say that in fewer words than «anything». */
export function isWide(shape: Shape): boolean {
  if (isAnything(shape)) return true;
  const has = (kind: string): boolean => shape.some((one) => one.kind === kind || (one.kind === 'scalar' && one.type === kind));
  return ['null', 'boolean', 'number', 'string', 'list', 'fields'].every(has);
}

/** A single JSON value as a shape. */
export function shapeOfValue(value: unknown): Shape {
  if (Array.isArray(value)) {
    return [{ kind: 'list', first: value.map(shapeOfValue), rest: NOTHING, atLeast: value.length }];
  }
  if (typeof value !== 'object' || value === null) return [{ kind: 'literal', value: value as LiteralValue }];
  const fields = Object.entries(value).map(([name, one]) => [name, { shape: shapeOfValue(one), isRequired: true, notes: [] }] as const);
  return [{ kind: 'fields', fields: new Map(fields), others: NOTHING }];
}
