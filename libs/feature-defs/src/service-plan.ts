/** A feature service, compiled: which features in which order, and what a request must give. */
import type { FeatureServiceSpec, FeatureServiceView } from '@roofshot/contracts/resources/feature-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { DefinitionFaults, FaultList } from './definition-faults.ts';
import { entityKeyOf } from './entity-key.ts';
import type { Expression, Scope, Value, Variables, VariableType } from './expressions.ts';
import type { Dtype, FeatureValue } from './feature-value.ts';
import { suggestNames } from './nearest.ts';
import type { ViewPlan } from './view-plan.ts';

type ContextType = NonNullable<FeatureServiceSpec['context']>[string];

/** A question: which entities, what only the caller knows, for what time (epoch milliseconds). */
export interface VectorRequest {
  readonly entities: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, Value>>;
  readonly asOf: number;
}

/** One view under one role. */
export interface RolePlan {
  readonly role: string;
  readonly view: ViewPlan;
  /** Names in the request's `entities`, in the order of the entity's keys. */
  readonly keyNames: readonly string[];
  /** Per chosen feature its place in `view.names`. */
  readonly chosen: readonly number[];
}

export interface RequestFeaturePlan {
  readonly name: string;
  readonly value: Expression;
}

export interface FeatureColumn {
  readonly name: string;
  readonly dtype: Dtype;
}

export interface ServicePlan {
  readonly name: string;
  readonly generation: number;
  readonly entities: readonly string[];
  readonly context: Readonly<Record<string, ContextType>>;
  readonly roles: readonly RolePlan[];
  readonly requestFeatures: readonly RequestFeaturePlan[];
  /** The vector: roles in order (`<role>__<feature>_<window>`), then request features. */
  readonly columns: readonly FeatureColumn[];
}

export interface ServiceSource {
  readonly name: string;
  readonly generation: number;
  readonly spec: FeatureServiceSpec;
}

/** Compiles a service over the views in force, by name. Throws DefinitionFaults with every fault. */
export function compileService(source: ServiceSource, views: ReadonlyMap<string, ViewPlan>): ServicePlan {
  const { name, generation, spec } = source;
  const faults = new FaultList();
  const { entities = [], context = {} } = spec;
  const roles = (spec.views ?? []).flatMap((_, i) => compileRole(spec, i, views, faults));
  const stored = roles.flatMap(roleColumns);
  const requestFeatures = compileRequestFeatures(spec, stored, faults);
  const columns = [...stored, ...requestFeatures.map((feature): FeatureColumn => ({ name: feature.name, dtype: 'float' }))];
  addDuplicates(columns, faults);
  if (columns.length === 0 && faults.faults.length === 0) faults.add('', 'it lists no feature: add a view or a request feature');
  faults.throwIfAny(`FeatureService "${name}"`);
  return { name, generation, entities, context, roles, requestFeatures, columns };
}

/** Every fault of a service, as JSON pointers into its spec; for checks before it is applied. */
export function checkService(source: ServiceSource, views: ReadonlyMap<string, ViewPlan>): Fault[] {
  try {
    compileService(source, views);
    return [];
  } catch (error) {
    if (!(error instanceof DefinitionFaults)) throw error;
    return [...error.faults];
  }
}

function compileRole(spec: FeatureServiceSpec, i: number, views: ReadonlyMap<string, ViewPlan>, faults: FaultList): RolePlan[] {
  const path = `/views/${i}`;
  const all = spec.views ?? [];
  const entry = all[i] as FeatureServiceView;
  if (all.findIndex(({ role }) => role === entry.role) !== i) faults.add(`${path}/role`, `the role "${entry.role}" is used twice`);
  const view = views.get(entry.view);
  if (view === undefined) {
    faults.add(`${path}/view`, `there is no FeatureView "${entry.view}"${suggestNames(entry.view, views.keys())}`);
    return [];
  }
  return [
    {
      role: entry.role,
      view,
      keyNames: compileKeyNames(entry, path, { view, entities: spec.entities ?? [], faults }),
      chosen: chooseFeatures(entry, path, view, faults),
    },
  ];
}

interface KeyNames {
  readonly view: ViewPlan;
  readonly entities: readonly string[];
  readonly faults: FaultList;
}

function compileKeyNames({ keys = {} }: FeatureServiceView, at: string, { view, entities, faults }: KeyNames): string[] {
  const path = `${at}/keys`;
  for (const part of Object.keys(keys)) {
    if (!view.entityKeys.includes(part))
      faults.add(`${path}/${part}`, `Entity "${view.entityName}" has no key "${part}"${suggestNames(part, view.entityKeys)}`);
  }
  return view.entityKeys.flatMap((part) => {
    const name = keys[part];
    if (name === undefined)
      faults.add(path, `the key "${part}" of Entity "${view.entityName}" is missing: say which name in \`entities\` it is`);
    else if (!entities.includes(name)) faults.add(`${path}/${part}`, `\`entities\` does not list "${name}"${suggestNames(name, entities)}`);
    return name ?? [];
  });
}

function chooseFeatures(entry: FeatureServiceView, path: string, view: ViewPlan, faults: FaultList): number[] {
  if (entry.features === undefined) return view.names.map((_, place) => place);
  return entry.features.flatMap((name, i) => {
    const place = view.names.indexOf(name);
    if (place >= 0) return place;
    faults.add(`${path}/features/${i}`, `FeatureView "${entry.view}" has no feature "${name}"${suggestNames(name, view.names)}`);
    return [];
  });
}

/** What request features may read: `context`, `entities`, `features` (those that come before) and `time` (the moment asked about, epoch milliseconds). */
export function requestVariables(
  { context = {}, entities: names = [] }: Pick<FeatureServiceSpec, 'context' | 'entities'>,
  before: readonly FeatureColumn[],
): Variables {
  const entities = Object.fromEntries(names.map((name) => [name, 'string' as const]));
  const features = Object.fromEntries(before.map(({ name, dtype }) => [name, TYPES[dtype]]));
  return { context: { fields: context }, entities: { fields: entities }, features: { fields: features }, time: 'number' };
}

/** How expressions see a feature. */
const TYPES: Readonly<Record<Dtype, VariableType>> = {
  float: 'number',
  int: 'number',
  string: 'string',
  bool: 'boolean',
  float_list: 'any',
  string_list: 'any',
  bool_list: 'any',
};

export function typeOfColumn({ dtype }: FeatureColumn): VariableType {
  return TYPES[dtype];
}

function compileRequestFeatures(spec: FeatureServiceSpec, stored: readonly FeatureColumn[], faults: FaultList): RequestFeaturePlan[] {
  const before = [...stored];
  return (spec.requestFeatures ?? []).flatMap(({ name, value }, i) => {
    const expression = faults.compile(`/requestFeatures/${i}/value`, value, requestVariables(spec, before), 'any');
    before.push({ name, dtype: 'float' });
    if (expression?.type === 'string')
      faults.add(`/requestFeatures/${i}/value`, `\`${value}\` results in a text; a feature is a number or a truth value`);
    return expression === undefined ? [] : [{ name, value: expression }];
  });
}

function roleColumns({ role, view, chosen }: RolePlan): FeatureColumn[] {
  return chosen.map((place) => {
    const feature = view.features[Math.floor(place / view.windows.length)];
    return { name: `${role}__${view.names[place] ?? ''}`, dtype: feature?.dtype ?? 'float' };
  });
}

function addDuplicates(columns: readonly FeatureColumn[], faults: FaultList): void {
  const names = columns.map(({ name }) => name);
  for (const name of new Set(names.filter((name, i) => names.indexOf(name) !== i))) {
    faults.add('', `the feature "${name}" comes twice`);
  }
}

/** What a request lacks or misspells, as JSON pointers into it. Names that the service does not know are faults. */
export function checkRequest(plan: ServicePlan, request: Pick<VectorRequest, 'entities' | 'context'>): Fault[] {
  const faults = [
    ...checkNames(plan, '/entities', plan.entities, request.entities),
    ...checkNames(plan, '/context', Object.keys(plan.context), request.context),
  ];
  for (const [name, type] of Object.entries(plan.context)) {
    const value = request.context[name];
    const fits = value === undefined || value === null || typeof value === type;
    if (!fits) faults.push({ path: `/context/${name}`, message: `it must be a ${type} and is a ${typeof value}` });
  }
  return faults;
}

function checkNames(plan: ServicePlan, path: string, wanted: readonly string[], given: Readonly<Record<string, unknown>>): Fault[] {
  const remedy = path === '/context' ? '; give null where it is not known' : '';
  const missing = wanted.filter((name) => !Object.hasOwn(given, name));
  const strange = Object.keys(given).filter((name) => !wanted.includes(name));
  return [
    ...missing.map((name) => ({ path: `${path}/${name}`, message: `it is missing: FeatureService "${plan.name}" needs it${remedy}` })),
    ...strange.map((name) => ({
      path: `${path}/${name}`,
      message: `FeatureService "${plan.name}" does not know it${suggestNames(name, wanted)}`,
    })),
  ];
}

/** The entity that a role asks about. The request was checked, so every name is there. */
export function roleEntity(role: RolePlan, entities: VectorRequest['entities']): string {
  return entityKeyOf(role.keyNames.map((name) => entities[name] ?? ''));
}

/** The variables of `requestVariables` for one request; `features`: the values by full name. */
export function requestScope(request: VectorRequest, features: Readonly<Record<string, FeatureValue>>): Scope {
  return { context: request.context, entities: request.entities, features, time: request.asOf };
}
