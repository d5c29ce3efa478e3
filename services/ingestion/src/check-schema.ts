/** What a JSON Schema may not say, because checking an event against it would not end, or would end after the verdict. */

type Schema = Readonly<Record<string, unknown>>;

/** Keywords whose value is a map of names to schemas. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies']);
/** Keywords whose value is data and no schema. */
const DATA = new Set(['const', 'enum', 'default', 'examples', 'example']);
/** Keywords whose schemas are applied to the same value, so that following them comes no step nearer to the end of the data. */
const LISTS_IN_PLACE = ['allOf', 'anyOf', 'oneOf'];
const IN_PLACE = ['not', 'if', 'then', 'else'];
const MAPS_IN_PLACE = ['dependentSchemas', 'dependencies'];
/** References are resolved against it where the schema has no `$id`. */
const BASE = 'https://schema.invalid/';

/** Throws with a sentence where the schema asks for asynchronous checks, or refers to itself without going deeper into the data. */
export function refuseEndlessSchema(schema: Schema): void {
  const index = new SchemaIndex();
  index.add(schema, BASE);
  const done = new Set<Schema>();
  for (const one of index.schemas) refuseCycle(one, { index, done, open: new Set() });
}

/** Every schema within a schema, and what references to it are called. */
class SchemaIndex {
  readonly #bases = new Map<Schema, string>();
  readonly #named = new Map<string, Schema>();
  readonly #dynamic = new Map<string, Schema[]>();

  get schemas(): Iterable<Schema> {
    return this.#bases.keys();
  }

  add(value: unknown, outer: string): void {
    if (!isSchema(value)) return;
    if (value['$async'] !== undefined) throw new Error('$async is not supported: an event has its verdict when the request is answered');
    const base = typeof value['$id'] === 'string' ? resolve(value['$id'], outer) : outer;
    this.#bases.set(value, base);
    this.#name(base, value);
    const { $anchor, $dynamicAnchor } = value;
    for (const anchor of [$anchor, $dynamicAnchor]) if (typeof anchor === 'string') this.#name(`${base}#${anchor}`, value);
    if (typeof $dynamicAnchor === 'string') this.#dynamic.set($dynamicAnchor, [...(this.#dynamic.get($dynamicAnchor) ?? []), value]);
    for (const [keyword, inner] of Object.entries(value)) this.#addInner(keyword, inner, base);
  }

  #addInner(keyword: string, inner: unknown, base: string): void {
    if (DATA.has(keyword)) return;
    if (Array.isArray(inner)) for (const one of inner) this.add(one, base);
    else if (!MAPS.has(keyword)) this.add(inner, base);
    else if (isSchema(inner)) for (const one of Object.values(inner)) this.add(one, base);
  }

  /** The first of a name: a document before what lies in it. */
  #name(name: string, schema: Schema): void {
    if (!this.#named.has(name)) this.#named.set(name, schema);
  }

  /** What is applied to the same value as the schema. References that lead out of the document are left out. */
  inPlace(schema: Schema): Schema[] {
    const lists = LISTS_IN_PLACE.flatMap((keyword) => (Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]) : []));
    const maps = MAPS_IN_PLACE.flatMap((keyword) => (isSchema(schema[keyword]) ? Object.values(schema[keyword]) : []));
    const single = IN_PLACE.map((keyword) => schema[keyword]);
    return [...lists, ...maps, ...single, ...this.#targets(schema)].filter(isSchema);
  }

  #targets(schema: Schema): unknown[] {
    const { $ref, $dynamicRef } = schema;
    const base = this.#bases.get(schema) ?? BASE;
    const dynamic = typeof $dynamicRef === 'string' ? (this.#dynamic.get($dynamicRef.slice($dynamicRef.indexOf('#') + 1)) ?? []) : [];
    return [
      ...dynamic,
      ...[$ref, $dynamicRef].map((reference) => (typeof reference === 'string' ? this.#find(resolve(reference, base)) : undefined)),
    ];
  }

  #find(uri: string): unknown {
    const [resource = '', fragment = ''] = uri.split('#', 2);
    if (fragment !== '' && !fragment.startsWith('/')) return this.#named.get(uri);
    const steps = decodeURIComponent(fragment).split('/').slice(1);
    return steps.reduce<unknown>(
      (found, step) => stepInto(found, step.replaceAll('~1', '/').replaceAll('~0', '~')),
      this.#named.get(resource),
    );
  }
}

interface Walk {
  readonly index: SchemaIndex;
  readonly done: Set<Schema>;
  readonly open: Set<Schema>;
}

function refuseCycle(schema: Schema, walk: Walk): void {
  if (walk.done.has(schema)) return;
  if (walk.open.has(schema)) {
    throw new Error('a $ref leads back to where it stands without going into a property or an item: no event could ever be checked');
  }
  walk.open.add(schema);
  for (const next of walk.index.inPlace(schema)) refuseCycle(next, walk);
  walk.open.delete(schema);
  walk.done.add(schema);
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);

const stepInto = (value: unknown, step: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[step] : undefined;

/** The reference as an absolute URI; one that cannot be read is the compiler's to refuse. */
function resolve(reference: string, base: string): string {
  const uri = URL.canParse(reference, base) ? new URL(reference, base).href : reference;
  return uri.endsWith('#') ? uri.slice(0, -1) : uri;
}
