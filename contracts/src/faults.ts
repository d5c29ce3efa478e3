/** What a validator found, in sentences for whoever sent the value. */
import type { TSchema } from 'typebox';

export interface Fault {
  /** JSON pointer; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

/** As TypeBox tells them. */
export interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params?: unknown;
}

type Part = Readonly<Record<string, unknown>>;

const MEMBER = /\/anyOf\/\d+$/;
const CLOSED = '/additionalProperties';

/** One fault for each mistake: of a choice all values, at an unknown property those that there are. */
export function faultsOf(schema: TSchema, errors: readonly SchemaError[]): Fault[] {
  const faults = new Map<string, Fault>();
  for (const error of errors) {
    for (const fault of choiceOf(schema, error) ?? unknownOf(schema, error) ?? [plainOf(error)]) {
      const key = `${fault.path} ${fault.message}`;
      if (!faults.has(key)) faults.set(key, fault);
    }
  }
  return [...faults.values()];
}

/** `additionalProperties: false` is told twice: at the property, without a reason, and at the object. */
function unknownOf(schema: TSchema, { keyword, schemaPath, instancePath, params }: SchemaError): Fault[] | undefined {
  if (keyword === 'boolean' && schemaPath.endsWith(CLOSED)) {
    const at = instancePath.lastIndexOf('/');
    return [unknown(schemaAt(schema, schemaPath.slice(0, -CLOSED.length)), instancePath.slice(0, at), nameOf(instancePath.slice(at + 1)))];
  }
  const { additionalProperties: names } = (params ?? {}) as { readonly additionalProperties?: unknown };
  if (keyword !== 'additionalProperties' || !Array.isArray(names)) return undefined;
  const part = schemaAt(schema, schemaPath);
  return names.map((name) => unknown(part, instancePath, String(name)));
}

function unknown(part: Part | undefined, object: string, name: string): Fault {
  const known = Object.keys((part?.['properties'] ?? {}) as object);
  const others = known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`;
  return { path: `${object}/${pointerOf(name)}`, message: `there is no property ${name} here; ${others}` };
}

/** A choice of constants is told once for each of them, and once as a choice. */
function choiceOf(schema: TSchema, { keyword, schemaPath, instancePath }: SchemaError): Fault[] | undefined {
  const isMember = keyword === 'const' && MEMBER.test(schemaPath);
  if (!isMember && keyword !== 'anyOf') return undefined;
  const members = (schemaAt(schema, isMember ? schemaPath.replace(MEMBER, '') : schemaPath)?.['anyOf'] ?? []) as readonly Part[];
  if (members.length === 0 || !members.every((member) => 'const' in member)) return undefined;
  const values = members.map((member) => JSON.stringify(member['const'])).join(', ');
  return [{ path: instancePath, message: `must be one of ${values}` }];
}

function plainOf({ instancePath, message, params }: SchemaError): Fault {
  const { allowedValue, allowedValues } = (params ?? {}) as Record<string, unknown>;
  if (allowedValue !== undefined) return { path: instancePath, message: `${message}: ${JSON.stringify(allowedValue)}` };
  if (!Array.isArray(allowedValues)) return { path: instancePath, message };
  return { path: instancePath, message: `${message}: ${allowedValues.map((value) => JSON.stringify(value)).join(', ')}` };
}

/** Undefined where the path goes through something that is no plain place in the schema. */
function schemaAt(schema: TSchema, path: string): Part | undefined {
  let at: unknown = schema;
  for (const step of path.split('/').slice(1)) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[nameOf(step)];
  }
  return typeof at === 'object' && at !== null ? (at as Part) : undefined;
}

const nameOf = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~');
const pointerOf = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
