/** A JSON Schema whose parts can be found: by reference, by place, and by what they accept. */
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { refuseEndlessSchema } from '../check-schema.ts';

export type SchemaObject = Readonly<Record<string, unknown>>;
export type JsonSchema = boolean | SchemaObject;

/** A schema within a document. */
export interface SchemaNode {
  readonly schema: JsonSchema;
  readonly document: JsonSchemaDocument;
  /** `#/properties/amount`, or `name#/…` in a document that is referred to. */
  readonly path: string;
  /** A keyword of it that is looked at apart. */
  readonly without?: readonly string[];
}

/** Schemas that others refer to, by the name that the references use. */
export type ReferredSchemas = ReadonlyMap<string, JsonSchema>;

/** References are resolved against it where a schema has no `$id`. */
const BASE = 'https://schema.invalid/';
const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/;
/** Their values are data. */
const DATA = new Set(['const', 'enum', 'default', 'examples', 'example']);

export const isSchemaObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isJsonSchema = (value: unknown): value is JsonSchema => typeof value === 'boolean' || isSchemaObject(value);

let documents = 0;

/** 2020-12, or draft-07 where `$schema` says so. */
export class JsonSchemaDocument {
  /** Tells it apart from every other document of this process. */
  readonly serial = (documents += 1);
  readonly isDraft07: boolean;
  readonly #documents: ReferredSchemas;
  /** Where a URI stands. */
  readonly #places = new Map<string, string>();
  /** The base URI of each place. */
  readonly #bases = new Map<string, string>();
  readonly #checks = new Map<string, ValidateFunction | undefined>();
  readonly #rootUri: string;
  #ajv: Ajv | undefined;

  /** Throws with a sentence when checking data against it might never end. */
  constructor(root: JsonSchema, referred: ReferredSchemas = new Map()) {
    if (isSchemaObject(root)) refuseEndlessSchema(root);
    this.#documents = new Map([...referred, ['', root]]);
    this.isDraft07 = isSchemaObject(root) && DRAFT_07.test(String(root['$schema'] ?? ''));
    for (const [name, schema] of this.#documents) this.#index(schema, `${name}#`, resolve(name, BASE));
    this.#rootUri = this.#bases.get('#') ?? BASE;
  }

  get root(): SchemaNode {
    return this.#at('#') ?? { schema: true, document: this, path: '#' };
  }

  /** The schema some steps below a node. */
  child({ path }: SchemaNode, ...steps: readonly (string | number)[]): SchemaNode | undefined {
    return this.#at(steps.reduce<string>((place, step) => `${place}/${escape(String(step))}`, path));
  }

  /** What the node's `$ref` names. */
  target({ schema, path }: SchemaNode): SchemaNode | undefined {
    const reference = isSchemaObject(schema) ? schema['$ref'] : undefined;
    if (typeof reference !== 'string') return undefined;
    const uri = resolve(reference, this.#bases.get(path) ?? BASE);
    const [resource = '', fragment = ''] = uri.split('#', 2);
    if (fragment !== '' && !fragment.startsWith('/')) return this.#at(this.#places.get(uri));
    const place = this.#places.get(resource);
    return place === undefined ? undefined : this.#at(place + decodeURIComponent(fragment));
  }

  /** Whether a value is valid under a node; undefined where that cannot be told. */
  accepts({ path }: SchemaNode, value: unknown): boolean | undefined {
    if (!this.#checks.has(path)) this.#checks.set(path, this.#compile(path));
    try {
      return this.#checks.get(path)?.(value) as boolean | undefined;
    } catch {
      return undefined; // a value that is nested too deeply
    }
  }

  /** Throws what is wrong with the schema, for people. */
  refuseFaults(): void {
    if (this.#validator().getSchema(this.#rootUri) === undefined) throw new Error('the schema cannot be found under its own $id');
  }

  #compile(path: string): ValidateFunction | undefined {
    const [name, pointer] = cutAtHash(path);
    const uri = this.#bases.get(`${name}#`);
    try {
      return this.#validator().getSchema(encodeURI(`${uri ?? BASE}#${pointer}`)) ?? undefined;
    } catch {
      return undefined; // a part that no compiler can reach on its own
    }
  }

  #validator(): Ajv {
    this.#ajv ??= this.#openValidator();
    return this.#ajv;
  }

  #openValidator(): Ajv {
    const options = { strict: false, allowUnionTypes: true } as const;
    const ajv = this.isDraft07 ? new Ajv(options) : new Ajv2020(options);
    (addFormats as unknown as (target: Ajv) => void)(ajv);
    for (const [name, schema] of this.#documents) ajv.addSchema(schema as AnySchema, this.#bases.get(`${name}#`) ?? resolve(name, BASE));
    return ajv;
  }

  #at(path: string | undefined): SchemaNode | undefined {
    if (path === undefined) return undefined;
    const [name, pointer] = cutAtHash(path);
    const schema = pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((found, step) => stepInto(found, unescape(step)), this.#documents.get(name));
    return isJsonSchema(schema) ? { schema, document: this, path } : undefined;
  }

  #index(value: unknown, path: string, outer: string): void {
    if (Array.isArray(value)) for (const [index, one] of value.entries()) this.#index(one, `${path}/${index}`, outer);
    if (path.endsWith('#')) this.#name(outer, path);
    if (!isSchemaObject(value)) {
      if (path.endsWith('#')) this.#bases.set(path, outer);
      return;
    }
    const base = typeof value['$id'] === 'string' ? resolve(value['$id'], outer) : outer;
    this.#bases.set(path, base);
    if (base !== outer) this.#name(base, path);
    for (const anchor of [value['$anchor'], value['$dynamicAnchor']]) if (typeof anchor === 'string') this.#name(`${base}#${anchor}`, path);
    for (const [keyword, inner] of Object.entries(value)) if (!DATA.has(keyword)) this.#index(inner, `${path}/${escape(keyword)}`, base);
  }

  #name(uri: string, path: string): void {
    if (!this.#places.has(uri)) this.#places.set(uri, path);
  }
}

/** A name in the pointer may hold another one. */
function cutAtHash(path: string): [string, string] {
  const at = path.indexOf('#');
  return [path.slice(0, at), path.slice(at + 1)];
}

const escape = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1');
const unescape = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');

function stepInto(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return value[Number(step)] as unknown;
  return isSchemaObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function resolve(reference: string, base: string): string {
  const uri = URL.canParse(reference, base) ? new URL(reference, base).href : reference;
  return uri.endsWith('#') ? uri.slice(0, -1) : uri;
}
