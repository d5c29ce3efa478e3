/** What may be known of a variable before any value of it is seen: its type, and the fields within it. */
import type { StaticType } from './expression-values.ts';

/** A scalar, anything, an object whose fields are all known, or what a schema describes. */
export type VariableType =
  'number' | 'string' | 'boolean' | 'any' | { readonly fields: Readonly<Record<string, VariableType>> } | DescribedType;
export type Variables = Readonly<Record<string, VariableType>>;

/**
 * `declared`: it may be there. `other`: the schema says what all further fields are. `undeclared`: it may be there, and nobody said so.
 * `absent`: no value that fits the schema has it.
 */
export type FieldState = 'declared' | 'other' | 'undeclared' | 'absent';

/** An object or a list as its schema describes it. Fields are looked up when they are asked for: schemas may be recursive. */
export interface DescribedType {
  /** What it is where it can be nothing else (null apart). */
  readonly only: 'object' | 'list' | undefined;
  /** How sentences call the schema: `EventType flight.landed`. */
  readonly source: string | undefined;
  /** The fields that are declared, for the nearest names. */
  readonly names: readonly string[];
  readonly field: (name: string) => { readonly state: FieldState; readonly type: VariableType };
  readonly item: () => VariableType;
}

/** The static type of a variable, and what is within it. */
export function describeType(type: VariableType): { readonly type: StaticType; readonly inside?: DescribedType } {
  if (typeof type !== 'object') return { type };
  const inside = 'fields' in type ? withAllFields(type.fields) : type;
  return { type: inside.only === 'list' ? 'list' : 'any', inside };
}

function withAllFields(fields: Readonly<Record<string, VariableType>>): DescribedType {
  return {
    only: 'object',
    source: undefined,
    names: Object.keys(fields),
    field: (name) => {
      const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return type === undefined ? { state: 'absent', type: 'any' } : { state: 'declared', type };
    },
    item: () => 'any',
  };
}
