/** The columns of Feast's `entities` as requests for vectors: one for each row. */
import { randomUUID } from 'node:crypto';
import type { FeastScalar, GetOnlineFeatures } from '@roofshot/contracts/http/feast';
import type { Fault } from '@roofshot/contracts/validate';
import { keyPartOf } from '@roofshot/feature-defs/entity-key';
import { suggestNames } from '@roofshot/feature-defs/nearest';
import type { ServicePlan, VectorRequest } from '@roofshot/feature-defs/service-plan';
import type { FeastException } from './feast-refusal.ts';
import { refuseFeast } from './feast-refusal.ts';

type Columns = GetOnlineFeatures['entities'];

/** A row whose key is null is about nobody, so that it is not found; an entity that events name cannot be called this. */
const NOBODY = randomUUID();

/** A row for each item of the columns; a single one where there are no columns. Throws `invalid` with every fault. */
export function readColumns(plan: ServicePlan, columns: Columns, asOf: number): VectorRequest[] {
  const given = Object.values(columns);
  refuseMissing(plan, columns);
  refuseUneven(columns);
  refuseUnfit(plan, columns);
  const entities = plan.entities.map((name) => [name, columns[name] ?? []] as const);
  const context = Object.keys(plan.context).map((name) => [name, columns[name] ?? []] as const);
  return Array.from({ length: given[0]?.length ?? 1 }, (_, i) => ({
    entities: rowOf(entities, i, (value) => keyPartOf(value) ?? NOBODY),
    context: rowOf(context, i, (value) => value),
    asOf,
  }));
}

function rowOf<T>(
  columns: readonly (readonly [string, readonly FeastScalar[]])[],
  i: number,
  read: (value: FeastScalar) => T,
): Record<string, T> {
  const row: Record<string, T> = {};
  for (const [name, values] of columns) row[name] = read(values[i] ?? null);
  return row;
}

function refuseMissing({ entities, context, roles }: ServicePlan, columns: Columns): void {
  const isMissing = (name: string): boolean => !Object.hasOwn(columns, name);
  const keys = entities.filter(isMissing);
  const missing = [...keys, ...Object.keys(context).filter(isMissing)];
  if (missing.length === 0) return;
  const strange = Object.keys(columns).filter((name) => !entities.includes(name) && !Object.hasOwn(context, name));
  const given = strange.filter(({ length }) => length <= LONGEST_NAME).slice(0, MOST_FAULTS);
  const describe = (name: string): string => `the column ${name}${usersOf(name, roles)} is missing${mistakenFor(name, given)}`;
  const faults = missing.map((name) => ({ path: `/entities/${name}`, message: describe(name) }));
  refuse('not complete', keys.length > 0 ? 'FeastEntityDFMissingColumnsError' : 'RequestDataNotFoundInEntityRowsException', faults);
}

/** No name that is wanted is longer, so a longer one is not a misspelt one. */
const LONGEST_NAME = 64;

/** What names a column that is not wanted, and is near one that is. */
const mistakenFor = (name: string, given: readonly string[]): string => (given.length === 0 ? '' : suggestNames(name, given));

function usersOf(name: string, roles: ServicePlan['roles']): string {
  const users = roles.filter(({ keyNames }) => keyNames.includes(name)).map(({ view }) => view.name);
  return users.length === 0 ? '' : ` (a key of ${[...new Set(users)].join(', ')})`;
}

function refuseUneven(columns: Columns): void {
  const lengths = Object.entries(columns).map(([name, values]) => ({ name, length: values.length }));
  const [first] = lengths;
  const faults = lengths
    .filter(({ length }) => length !== first?.length)
    .map(({ name, length }) => ({
      path: `/entities/${name}`,
      message: `${name} has ${length} values and ${first?.name} ${first?.length}`,
    }));
  if (faults.length > 0) refuse('not of one length', 'FeastError', faults);
}

function refuseUnfit(plan: ServicePlan, columns: Columns): void {
  const faults = [
    ...plan.entities.flatMap((name) => faultsIn(name, columns[name], keyFault)),
    ...Object.entries(plan.context).flatMap(([name, type]) => faultsIn(name, columns[name], (value) => contextFault(value, type))),
  ];
  if (faults.length > 0) refuse('not usable', 'FeastError', faults.slice(0, MOST_FAULTS));
}

/** One mistake in a column is often made in all of its rows. */
const MOST_FAULTS = 20;

function faultsIn(name: string, values: readonly FeastScalar[] = [], faultOf: (value: FeastScalar) => string | undefined): Fault[] {
  const faults: Fault[] = [];
  for (let i = 0; i < values.length; i += 1) {
    const message = faultOf(values[i] ?? null);
    if (message !== undefined) faults.push({ path: `/entities/${name}/${i}`, message: `${name}[${i}] ${message}` });
  }
  return faults;
}

/** Reading JSON has rounded it already: it would be somebody else's name. */
function keyFault(value: FeastScalar): string | undefined {
  const isRounded = typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return isRounded ? 'is a number beyond 2^53, which JSON does not carry exactly: send it as a text' : undefined;
}

function contextFault(value: FeastScalar, type: string): string | undefined {
  return value === null || typeof value === type ? undefined : `must be a ${type} or null and is a ${typeof value}`;
}

function refuse(what: string, raises: FeastException, faults: readonly Fault[]): never {
  const list = faults.map(({ message }) => message).join('; ');
  throw refuseFeast({ code: 'invalid', raises, message: `The columns of \`entities\` are ${what}: ${list}.`, faults });
}
