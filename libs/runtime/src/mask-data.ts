/**
 * What a listing, a trace or a log may tell of an event's data. Fields are personal where the schema says `x-pii` on them, at any depth and
 * by any keyword that could apply there: what may be personal is masked. Pure.
 */
import { SchemaReferences, type Schema } from './schema-references.ts';

/** What becomes of a value; the later is the stricter. */
type Action = 'keep' | 'hash' | 'drop';
const STRICTNESS: Record<Action, number> = { keep: 0, hash: 1, drop: 2 };

export interface MaskSetup {
  /** JSON pointers into the data that are dropped, beside what the schema says. */
  readonly pointers: readonly string[];
  /** Of a value's JSON text. Absent: what would be hashed is dropped. */
  readonly hash?: ((text: string) => string) | undefined;
}

/** Answers the data without what is personal; undefined when nothing of it may be told. */
export type Mask = (data: unknown) => unknown;

export function maskOf(schema: Schema | boolean, { pointers, hash }: MaskSetup): Mask {
  const references = new SchemaReferences(schema);
  const paths = pointers.map((pointer) => pointer.split('/').slice(1).map(unescapeStep));
  return (data) => new Masking(references, hash).mask(data, [schema], paths);
}

/** Levels of data that are looked into; ingestion takes no deeper ones. */
const MOST_LEVELS = 110;
const NOTHING = Symbol('nothing');

class Masking {
  readonly #references: SchemaReferences;
  readonly #hash: MaskSetup['hash'];
  #level = 0;

  constructor(references: SchemaReferences, hash: MaskSetup['hash']) {
    this.#references = references;
    this.#hash = hash;
  }

  mask(value: unknown, schemas: readonly unknown[], paths: readonly (readonly string[])[]): unknown {
    const masked = this.#masked(value, schemas, paths);
    return masked === NOTHING ? undefined : masked;
  }

  #masked(value: unknown, schemas: readonly unknown[], paths: readonly (readonly string[])[]): unknown {
    const applied = this.#references.applied(schemas);
    const action = paths.some((path) => path.length === 0) || this.#level > MOST_LEVELS ? 'drop' : strictest(applied.map(actionOf));
    if (action === 'drop' || (action === 'hash' && this.#hash === undefined)) return NOTHING;
    if (action === 'hash' && this.#hash !== undefined) return this.#hash(JSON.stringify(value) ?? 'null');
    if (typeof value !== 'object' || value === null) return value;
    this.#level += 1;
    const masked = Array.isArray(value) ? this.#items(value, applied, paths) : this.#properties(value, applied, paths);
    this.#level -= 1;
    return masked;
  }

  /** A dropped item leaves null, so that the others stay where they are. */
  #items(items: readonly unknown[], applied: readonly Schema[], paths: readonly (readonly string[])[]): unknown[] {
    return items.map((item, index) => {
      const masked = this.#masked(
        item,
        applied.flatMap((schema) => itemSchemas(schema, index)),
        below(paths, String(index)),
      );
      return masked === NOTHING ? null : masked;
    });
  }

  #properties(value: object, applied: readonly Schema[], paths: readonly (readonly string[])[]): Record<string, unknown> {
    const names = applied.flatMap((schema) => (schema['propertyNames'] === undefined ? [] : [schema['propertyNames']]));
    const ofNames = strictest(this.#references.applied(names).map(actionOf));
    const masked: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    if (ofNames === 'drop' || (ofNames === 'hash' && this.#hash === undefined)) return masked;
    for (const [name, inner] of Object.entries(value)) {
      const told = this.#masked(
        inner,
        applied.flatMap((schema) => propertySchemas(schema, name)),
        below(paths, name),
      );
      if (told !== NOTHING) masked[ofNames === 'hash' ? (this.#hash?.(JSON.stringify(name)) ?? '') : name] = told;
    }
    return masked;
  }
}

function actionOf({ 'x-pii': marked }: Schema): Action {
  if (marked === undefined || marked === false) return 'keep';
  return marked === true || marked === 'hash' ? 'hash' : 'drop';
}

const strictest = (actions: readonly Action[]): Action =>
  actions.reduce<Action>((most, action) => (STRICTNESS[action] > STRICTNESS[most] ? action : most), 'keep');

/** By every keyword that could apply to the property, also where the draft in use would leave one aside. */
function propertySchemas(schema: Schema, name: string): unknown[] {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
  const own = isMap(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  const patterns = isMap(patternProperties)
    ? Object.entries(patternProperties).flatMap(([pattern, inner]) => (matches(pattern, name) ? [inner] : []))
    : [];
  const others = own.length + patterns.length === 0 ? [additionalProperties] : [];
  return [...own, ...patterns, ...others, unevaluatedProperties];
}

function itemSchemas({ items, prefixItems, additionalItems, contains, unevaluatedItems }: Schema, index: number): unknown[] {
  const [first, rest] = Array.isArray(items)
    ? [items as unknown[], additionalItems]
    : [Array.isArray(prefixItems) ? prefixItems : [], items];
  return [index < first.length ? first[index] : rest, contains, unevaluatedItems];
}

/** A pattern that cannot be read may match. */
function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

function below(paths: readonly (readonly string[])[], step: string): (readonly string[])[] {
  return paths.filter(([first]) => first === step).map(([, ...rest]) => rest);
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unescapeStep = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
