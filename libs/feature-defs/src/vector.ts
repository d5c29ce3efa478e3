/** Feature vectors: the same computation when serving, when people read features, and in training snapshots. */
import type { OnlineKey } from '@roofshot/storage/online-store';
import { resultOf } from './feature-results.ts';
import type { FeatureValue } from './feature-value.ts';
import { progressKey, seriesKey, type SeriesSource } from './online-rows.ts';
import { requestScope, roleEntity, type RolePlan, type ServicePlan, type VectorRequest } from './service-plan.ts';
import type { Report } from './expressions.ts';
import { emptySeries } from './tiles.ts';
import { windowValues, type ViewPlan } from './view-plan.ts';

/**
 * How far a value can be trusted:
 * PRESENT · NULL_VALUE: there is no value, truly (the mean of no events; a request feature over something unknown) ·
 * NOT_FOUND: the entity was never seen (what a window without events says: counts and sums are 0, means and shares null) ·
 * OUTSIDE_MAX_AGE: the value is not known (null): the window reaches behind what is kept, or the entity's last event behind the view's
 * time-to-live.
 */
export type Status = 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

export interface Vector {
  /** In the order of the plan's columns. */
  readonly values: readonly FeatureValue[];
  readonly statuses: readonly Status[];
  /** How much event time the stored values may miss: the greatest of the views' asOf − progress, at least 0. Milliseconds. */
  readonly ageMs: number;
  /** The same for each role. */
  readonly roleAgesMs: Readonly<Record<string, number>>;
}

/** The rows that a set of requests needs, each once: pass them to `OnlineStore.get`, and its answer to `new OnlineRows`. */
export function keysOf(plan: ServicePlan, requests: readonly Pick<VectorRequest, 'entities'>[]): OnlineKey[] {
  const keys = new Map<string, OnlineKey>();
  const add = (key: OnlineKey): void => void keys.set(`${key.view} ${key.entity}`, key);
  for (const role of plan.roles) {
    add(progressKey(role.view));
    for (const request of requests) add(seriesKey(role.view, roleEntity(role, request.entities)));
  }
  return [...keys.values()];
}

/** One vector at `request.asOf`. The request must have passed `checkRequest`. `report` hears of type faults in request features. */
export function buildVector(plan: ServicePlan, request: VectorRequest, source: SeriesSource, report?: Report): Vector {
  const values: FeatureValue[] = [];
  const statuses: Status[] = [];
  const roleAgesMs: Record<string, number> = {};
  for (const role of plan.roles) {
    appendRole(role, request, source, { values, statuses });
    roleAgesMs[role.role] = ageOf(source.progress(role.view), request.asOf);
  }
  appendRequestFeatures(plan, request, { values, statuses }, report);
  return { values, statuses, ageMs: Math.max(0, ...Object.values(roleAgesMs)), roleAgesMs };
}

interface Growing {
  readonly values: FeatureValue[];
  readonly statuses: Status[];
}

/** Progress that is not known counts as none since the epoch: a wrong "fresh" would hide a fault. */
function ageOf(progress: number | null, asOf: number): number {
  return Math.max(0, asOf - (progress ?? 0));
}

function appendRole(role: RolePlan, request: VectorRequest, source: SeriesSource, { values, statuses }: Growing): void {
  const series = source.series(role.view, roleEntity(role, request.entities));
  const all = series === undefined ? unseenValues(role.view) : windowValues(role.view, series, request.asOf);
  for (const place of role.chosen) {
    const value = all[place];
    values.push(value ?? null);
    statuses.push(series === undefined ? 'NOT_FOUND' : statusOf(value));
  }
}

const unseen = new WeakMap<ViewPlan, FeatureValue[]>();

/** What a view says of an entity that was never seen. */
function unseenValues(view: ViewPlan): FeatureValue[] {
  const known = unseen.get(view);
  if (known !== undefined) return known;
  const nothing = emptySeries(view.layout);
  const values = view.features.flatMap((feature) =>
    view.windows.map(() => resultOf(feature, nothing, { start: 0, end: 0, until: 0 }, view.tileMs)),
  );
  unseen.set(view, values);
  return values;
}

function statusOf(value: FeatureValue | undefined): Status {
  if (value === undefined) return 'OUTSIDE_MAX_AGE';
  return value === null ? 'NULL_VALUE' : 'PRESENT';
}

function appendRequestFeatures(plan: ServicePlan, request: VectorRequest, { values, statuses }: Growing, report?: Report): void {
  if (plan.requestFeatures.length === 0) return;
  const features = Object.fromEntries(values.map((value, i) => [plan.columns[i]?.name ?? '', value]));
  const scope = requestScope(request, features);
  for (const { name, value } of plan.requestFeatures) {
    const result = toNumber(value.evaluate(scope, report), name, report);
    features[name] = result;
    values.push(result);
    statuses.push(statusOf(result));
  }
}

function toNumber(value: unknown, name: string, report?: Report): number | null {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number' || value === null) return value;
  report?.(`the request feature ${name} results in a text, and a feature is a number`);
  return null;
}
