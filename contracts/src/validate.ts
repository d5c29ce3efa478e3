/** Compiled validation: one validator per schema, with faults as JSON pointer and sentence. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Get as getFormat, Set as setFormat } from 'typebox/format';

export interface Fault {
  /** JSON pointer; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

export interface Validator<T> {
  check(value: unknown): value is T;
  /** All faults; empty when the value is valid. */
  faults(value: unknown): Fault[];
}

const isDateTime = getFormat('date-time') ?? (() => true);
/** RFC 3339 allows 23:59:60, which `Date` cannot read: whoever is given a valid time may count on reading it. */
setFormat('date-time', (text) => isDateTime(text) && !Number.isNaN(Date.parse(text)));

const compiled = new WeakMap<TSchema, Validator<unknown>>();

export function validatorOf<S extends TSchema>(schema: S): Validator<Static<S>> {
  const known = compiled.get(schema) as Validator<Static<S>> | undefined;
  if (known !== undefined) return known;
  const program = Compile(schema);
  const validator: Validator<Static<S>> = {
    check: (value): value is Static<S> => program.Check(value),
    faults: (value) => program.Errors(value).map(faultOf),
  };
  compiled.set(schema, validator);
  return validator;
}

function faultOf(error: { instancePath: string; message: string; params?: unknown }): Fault {
  return {
    path: error.instancePath,
    message: `${error.message}${detailOf(error.params)}`,
  };
}

/** The words of an error alone ("must not have additional properties") do not say which one. */
function detailOf(params: unknown): string {
  if (typeof params !== 'object' || params === null) return '';
  const { additionalProperties, allowedValue, allowedValues } = params as Record<string, unknown>;
  if (Array.isArray(additionalProperties)) return `: ${additionalProperties.join(', ')}`;
  if (allowedValue !== undefined) return `: ${JSON.stringify(allowedValue)}`;
  if (Array.isArray(allowedValues)) return `: ${allowedValues.map((value) => JSON.stringify(value)).join(', ')}`;
  return '';
}
