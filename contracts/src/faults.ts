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

const MEMBER = /\/anyOf\/\d+$/;

/** One fault for each mistake: of a choice all values, of an unknown property those that there are. */
export function faultsOf(schema: TSchema, errors: readonly SchemaError[]): Fault[] {
  const choices = new Map<string, Fault>();
  const faults: Fault[] = [];
  for (const error of errors) {
    const choice = choiceOf(schema, error);
    if (choice !== undefined && !choices.has(choice.of)) faults.push(choice.fault);
    if (choice !== undefined) choices.set(choice.of, choice.fault);
    if (choice === undefined && !isSaidOtherwise(error)) faults.push({ path: error.instancePath, message: messageOf(schema, error) });
  }
  return faults.length > 0 ? faults : errors.map(({ instancePath, message }) => ({ path: instancePath, message }));
}

/** `additionalProperties: false` is told twice: at the object, and by this at the property. */
const isSaidOtherwise = ({ keyword, message }: SchemaError): boolean => keyword === 'boolean' && message === 'schema is false';

/** A choice of constants is told once for each of them, and once as a choice. */
function choiceOf(schema: TSchema, { keyword, schemaPath, instancePath }: SchemaError): { of: string; fault: Fault } | undefined {
  const isMember = keyword === 'const' && MEMBER.test(schemaPath);
  if (!isMember && keyword !== 'anyOf') return undefined;
  const path = isMember ? schemaPath.replace(MEMBER, '') : schemaPath;
  const members = (schemaAt(schema, path)?.['anyOf'] ?? []) as readonly Readonly<Record<string, unknown>>[];
  if (members.length === 0 || !members.every((member) => 'const' in member)) return undefined;
  const values = members.map((member) => JSON.stringify(member['const'])).join(', ');
  return { of: `${path} ${instancePath}`, fault: { path: instancePath, message: `must be one of ${values}` } };
}

function messageOf(schema: TSchema, { keyword, schemaPath, message, params }: SchemaError): string {
  const { additionalProperties, allowedValue, allowedValues } = (params ?? {}) as Record<string, unknown>;
  if (keyword === 'additionalProperties' && Array.isArray(additionalProperties)) {
    const known = Object.keys((schemaAt(schema, schemaPath)?.['properties'] ?? {}) as object);
    const others = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
    return `${message}: ${additionalProperties.join(', ')} (${others})`;
  }
  if (allowedValue !== undefined) return `${message}: ${JSON.stringify(allowedValue)}`;
  if (Array.isArray(allowedValues)) return `${message}: ${allowedValues.map((value) => JSON.stringify(value)).join(', ')}`;
  return message;
}

/** Undefined where the path goes through something that is no plain place in the schema. */
function schemaAt(schema: TSchema, path: string): Readonly<Record<string, unknown>> | undefined {
  const steps = path.split('/').slice(1);
  let at: unknown = schema;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return typeof at === 'object' && at !== null ? (at as Record<string, unknown>) : undefined;
}
