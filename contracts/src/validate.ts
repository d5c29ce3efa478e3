/** Compiled validation: one validator per schema, with faults as JSON pointer and sentence. */
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { faultsOf, type Fault, type SchemaError } from './faults.ts';
import { Get as getFormat, Set as setFormat } from 'typebox/format';

export type { Fault } from './faults.ts';

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
    faults: (value) => faultsOf(schema, program.Errors(value) as readonly SchemaError[]),
  };
  compiled.set(schema, validator);
  return validator;
}
