/** Which schemas apply to a value where one does: itself, and all that it refers to or is combined of. Pure. */

export type Schema = Readonly<Record<string, unknown>>;

/** Keywords whose value is data and no schema. */
const DATA = new Set(['const', 'enum', 'default', 'examples', 'example']);
const LISTS = ['allOf', 'anyOf', 'oneOf'];
const SINGLE = ['not', 'if', 'then', 'else'];
const MAPS = ['dependentSchemas', 'dependencies'];
const BASE = 'https://schema.invalid/';

/** Stands for what a reference leads to that cannot be found: nothing below it may be told. */
const UNKNOWN: Schema = { 'x-pii': 'drop' };

export class SchemaReferences {
  readonly #bases = new Map<Schema, string>();
  readonly #named = new Map<string, Schema>();
  readonly #anchors = new Map<string, Schema[]>();

  constructor(root: unknown) {
    this.#index(root, BASE);
  }

  /** All that may apply to the same value, each once, however they refer to each other. */
  applied(schemas: readonly unknown[]): Schema[] {
    const found = new Set<Schema>();
    const open = schemas.filter(isSchema);
    for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
      if (found.has(schema)) continue;
      found.add(schema);
      open.push(...this.#besides(schema));
    }
    return [...found];
  }

  /** Everything that may be a schema, also under keywords that nobody knows: references may lead there. */
  #index(value: unknown, outer: string): void {
    if (Array.isArray(value)) for (const one of value) this.#index(one, outer);
    if (!isSchema(value) || this.#bases.has(value)) return;
    const { $id, $anchor, $dynamicAnchor } = value;
    const base = typeof $id === 'string' ? resolve($id, outer) : outer;
    this.#bases.set(value, base);
    this.#name(base, value);
    for (const anchor of [$anchor, $dynamicAnchor]) {
      if (typeof anchor !== 'string') continue;
      this.#name(`${base.split('#')[0] ?? base}#${anchor}`, value);
      this.#anchors.set(anchor, [...(this.#anchors.get(anchor) ?? []), value]);
    }
    for (const [keyword, inner] of Object.entries(value)) if (!DATA.has(keyword)) this.#index(inner, base);
  }

  #name(name: string, schema: Schema): void {
    if (!this.#named.has(name)) this.#named.set(name, schema);
  }

  #besides(schema: Schema): Schema[] {
    const lists = LISTS.flatMap((keyword) => (Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]) : []));
    const maps = MAPS.flatMap((keyword) => (isSchema(schema[keyword]) ? Object.values(schema[keyword]) : []));
    const single = SINGLE.map((keyword) => schema[keyword]);
    return [...[...lists, ...maps, ...single].filter(isSchema), ...this.#targets(schema)];
  }

  #targets(schema: Schema): Schema[] {
    const { $ref, $dynamicRef, $recursiveRef } = schema;
    const dynamic = typeof $dynamicRef === 'string' ? (this.#anchors.get($dynamicRef.slice($dynamicRef.indexOf('#') + 1)) ?? []) : [];
    const direct = [$ref, $dynamicRef, $recursiveRef].flatMap((reference) =>
      typeof reference === 'string' ? this.#find(resolve(reference, this.#bases.get(schema) ?? BASE)) : [],
    );
    return [...dynamic, ...direct];
  }

  /** None for `true` and `false`, which say nothing of what is personal. */
  #find(uri: string): Schema[] {
    const [resource = '', fragment = ''] = uri.split('#', 2);
    const target = fragment === '' || fragment.startsWith('/') ? this.#below(resource, fragment) : this.#named.get(uri);
    if (typeof target === 'boolean') return [];
    return [isSchema(target) ? target : UNKNOWN];
  }

  #below(resource: string, fragment: string): unknown {
    const steps = decoded(fragment).split('/').slice(1);
    return steps.reduce<unknown>(
      (found, step) => stepInto(found, step.replaceAll('~1', '/').replaceAll('~0', '~')),
      this.#named.get(resource),
    );
  }
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);

const stepInto = (value: unknown, step: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Schema)[step] : undefined;

function resolve(reference: string, base: string): string {
  const uri = URL.canParse(reference, base) ? new URL(reference, base).href : reference;
  return uri.endsWith('#') ? uri.slice(0, -1) : uri;
}

/** A fragment that is no URI text stands for itself. */
function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch (error) {
    if (error instanceof URIError) return fragment;
    throw error;
  }
}
