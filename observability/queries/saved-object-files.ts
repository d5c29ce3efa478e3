import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { validatorOf } from '@roofshot/contracts/validate';
import { Type, type Static } from 'typebox';

/** What is imported into Kibana. */
const NDJSON = fileURLToPath(new URL('../kibana/roofshot.ndjson', import.meta.url));

const Reference = Type.Object({ id: Type.String(), name: Type.String(), type: Type.String() });

const StoredObject = Type.Object({
  id: Type.String(),
  type: Type.String(),
  attributes: Type.Record(Type.String(), Type.Unknown()),
  references: Type.Array(Reference),
  coreMigrationVersion: Type.String(),
  typeMigrationVersion: Type.String(),
});

/** One line of the file: attributes that are JSON in a string are still strings. */
export type StoredObject = Static<typeof StoredObject>;

/** The objects of `roofshot.ndjson` as it lies on the disk. @throws where a line is no saved object */
export function readSavedObjects(path: string = NDJSON): StoredObject[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => checked(StoredObject, JSON.parse(line), 'a line of roofshot.ndjson'));
}

/** @throws with every fault where the value is not what the schema says */
export function checked<S extends Parameters<typeof validatorOf>[0]>(schema: S, value: unknown, what: string): Static<S> {
  const validator = validatorOf(schema);
  if (validator.check(value)) return value;
  const faults = validator.faults(value).map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`);
  throw new Error(`${what} has not the form that is known here: ${faults.join('; ')}. Teach observability/queries to read it.`);
}

/** Reads JSON in a string. @throws with the name of the attribute where it does not parse or has another form */
export function readJsonText<S extends Parameters<typeof validatorOf>[0]>(schema: S, text: unknown, what: string): Static<S> {
  if (typeof text !== 'string') throw new Error(`${what} is no string, and Kibana keeps JSON in one there.`);
  try {
    return checked(schema, JSON.parse(text), what);
  } catch (error) {
    throw error instanceof SyntaxError ? new Error(`${what} is no JSON: ${error.message}`, { cause: error }) : error;
  }
}
