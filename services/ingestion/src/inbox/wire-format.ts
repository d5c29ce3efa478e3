/** Values in the Confluent wire format: a byte 0, the id of a schema, and Avro or JSON that was written with it. */
import { isUtf8 } from 'node:buffer';
import type { Queryable } from '@roofshot/storage/sql';
import { pointer } from '../check-json.ts';
import { parseKnownSchema } from '../schema-registry/parse-schema.ts';
import { RegistryError } from '../schema-registry/registry-errors.ts';
import { resolveReferences } from '../schema-registry/resolve-references.ts';
import { SchemaStore } from '../schema-registry/schema-store.ts';
import type { Refusal } from '../verdicts.ts';
import { AvroFault } from './avro-bytes.ts';
import { decodeAvro } from './decode-avro.ts';

/** https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format */
const MAGIC = 0;
const ID_AT = 1;
const HEADER = 5;

/** What the value holds, or why it cannot be read. */
export type Decoded = { readonly data: unknown } | { readonly refusal: Refusal };

/** JSON text never begins with it. */
export const isWireFormat = (bytes: Buffer): boolean => bytes[0] === MAGIC;

/** Reads what was written with a schema. Throws `AvroFault`, and `SyntaxError` for what is no JSON. */
type ReadValue = (bytes: Buffer) => unknown;

/** The schemas with which values are written, each compiled once: an id belongs to one schema for ever. */
export class WireFormat {
  readonly #sql: Queryable;
  readonly #readers = new Map<number, ReadValue>();

  constructor(sql: Queryable) {
    this.#sql = sql;
  }

  /** Throws only what the database throws. */
  async decode(bytes: Buffer): Promise<Decoded> {
    if (bytes.length < HEADER)
      return refuse('avro', `It begins with the byte 0, and has not the ${HEADER} bytes of the Confluent wire format.`);
    const id = bytes.readInt32BE(ID_AT);
    const read = this.#readers.get(id) ?? (await this.#find(id));
    if (typeof read !== 'function') return { refusal: read };
    this.#readers.set(id, read);
    return decodeWith(read, id, bytes.subarray(HEADER));
  }

  async #find(id: number): Promise<ReadValue | Refusal> {
    const store = new SchemaStore(this.#sql);
    const schema = await store.schema(id);
    if (schema === undefined) {
      const detail = `It was written with the schema ${id}, which this registry does not have. Point the serialiser's schema.registry.url at ingestion, or register the schema here first.`;
      return { verdict: 'quarantined', reason: 'unknown-schema', detail, path: '/data' };
    }
    try {
      const parsed = parseKnownSchema(schema, await resolveReferences(store, schema.references));
      return parsed.type === 'AVRO' ? (bytes) => decodeAvro(parsed.tree, bytes) : readJson;
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      return {
        verdict: 'quarantined',
        reason: 'unknown-schema',
        detail: `The schema ${id} cannot be used: ${error.message}`,
        path: '/data',
      };
    }
  }
}

function readJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new SyntaxError('it is not UTF-8');
  return JSON.parse(bytes.toString('utf8')) as unknown;
}

function decodeWith(read: ReadValue, id: number, bytes: Buffer): Decoded {
  try {
    return { data: read(bytes) };
  } catch (error) {
    if (error instanceof AvroFault) return refuse('avro', `It is no value of the schema ${id}: ${error.message}.`, error.path);
    if (error instanceof SyntaxError) return refuse('json', `It was written with the schema ${id} and is no JSON: ${error.message}.`);
    throw error;
  }
}

function refuse(reason: Refusal['reason'], detail: string, path: readonly (string | number)[] = []): Decoded {
  return { refusal: { verdict: 'quarantined', reason, detail, path: `/data${path.map((step) => pointer(String(step))).join('')}` } };
}
