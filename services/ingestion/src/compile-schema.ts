/** JSON Schema 2020-12 (default) and draft-07 (when `$schema` says so) through Ajv. */
import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { refuseEndlessSchema } from './check-schema.ts';
import { otherFaults } from './other-faults.ts';

export interface SchemaFault {
  /** JSON pointer into the data. */
  readonly path: string;
  readonly message: string;
}

/** Characters of what is named in a message; the path has it whole. */
const LONGEST_NAME = 500;
const OPTIONS: Options = { strict: false, allowUnionTypes: true };
/** What every object has without having been sent it: a schema that names one of these asks about the event's own. */
const INHERITED = new RegExp(`"(${Object.getOwnPropertyNames(Object.prototype).join('|')})"`);
const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/;

/**
 * Answers a check that gives the first fault, with the places of others in its message, and never throws. Throws with a sentence when the
 * schema itself is faulty.
 */
export function compileSchema(schema: Readonly<Record<string, unknown>>): (data: unknown) => SchemaFault | undefined {
  refuseEndlessSchema(schema);
  const validator = compile(schema, { allErrors: false });
  const others = otherFaults(() => compile(schema, { allErrors: true }));
  return (data) => {
    try {
      if (validator(data) === true) return undefined;
      const [error] = validator.errors ?? [];
      return error === undefined ? { path: '', message: 'The data do not match the schema.' } : faultOf(error, others(data, error));
    } catch (error) {
      const message = `data could not be checked against the schema (${(error as Error).message}). Simplify the schema of the event type, then send the event again.`;
      return { path: '', message };
    }
  };
}

// A new instance per schema: two event types may use one `$id`, and a dropped type frees its code.
function compile(schema: Readonly<Record<string, unknown>>, wanted: Pick<Options, 'allErrors'>): ValidateFunction {
  // Only where it is needed: it costs a call for every property of every event.
  const options = { ...OPTIONS, ...wanted, ownProperties: INHERITED.test(JSON.stringify(schema)) };
  const ajv = DRAFT_07.test(String(schema['$schema'] ?? '')) ? new Ajv(options) : new Ajv2020(options);
  (addFormats as unknown as (target: Ajv) => void)(ajv);
  return ajv.compile(schema as AnySchema);
}

function faultOf({ instancePath, message = 'is wrong', params }: ErrorObject, others: string): SchemaFault {
  const name = (params as { missingProperty?: string; additionalProperty?: string }).missingProperty;
  const extra = (params as { additionalProperty?: string }).additionalProperty;
  const allowed = (params as { allowedValues?: unknown[] }).allowedValues;
  const where = instancePath === '' ? 'data' : `data${cut(instancePath.replaceAll('/', '.'))}`;
  const what = extra !== undefined ? `must not have the property ${cut(extra)}` : cut(message);
  const choices = allowed === undefined ? '' : `: ${allowed.map((value) => JSON.stringify(value)).join(', ')}`;
  return {
    path: instancePath + (name === undefined ? '' : `/${name}`),
    message: `${where} ${what}${choices}.${others} Correct the event and send it again.`,
  };
}

/** Names of properties are the sender's, and may be as long as an event. */
const cut = (text: string): string => (text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text);
