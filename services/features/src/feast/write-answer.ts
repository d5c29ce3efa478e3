/** The answer's text, column by column. */
import type { FeastScalar } from '@roofshot/contracts/http/feast';
import type { SeriesSource } from '@roofshot/feature-defs/online-rows';
import type { RolePlan, VectorRequest } from '@roofshot/feature-defs/service-plan';
import { buildVector, type Status } from '@roofshot/feature-defs/vector';
import type { FeastPlan } from './feast-plan.ts';
import type { WrittenValues } from './view-values.ts';
import { NO_TIME, writeValue } from './write-values.ts';

const PRESENT = '"PRESENT"';

export interface Answered {
  /** Of the join keys, as they were sent. */
  readonly keys: readonly (readonly [string, readonly FeastScalar[]])[];
  readonly requests: readonly VectorRequest[];
  /** Per role, for each request what its view says. */
  readonly roles: readonly (readonly WrittenValues[])[];
  readonly withViews: boolean;
}

/** JSON of `OnlineFeatures`. */
export function writeAnswer(plan: FeastPlan, { keys, requests, roles, withViews }: Answered): string {
  const names = [...keys.map(([name]) => JSON.stringify(name)), plan.writtenNames].join(',');
  const views = withViews ? `,"feature_view_metadata":${JSON.stringify(plan.views)}` : '';
  const results = [
    ...keys.map(([, values]) => keyVector(values)),
    ...plan.service.roles.flatMap((role, i) => roleVectors(role, roles[i] ?? [])),
    ...requestVectors(plan, requests),
  ];
  return `{"metadata":{"feature_names":[${names}]${views}},"results":[${results.join(',')}]}`;
}

const vector = (values: string, statuses: string, times: string): string =>
  `{"values":${values},"statuses":${statuses},"event_timestamps":${times}}`;

/** `text` in an array, so many times. */
const repeated = (text: string, times: number): string => (times === 0 ? '[]' : `[${text}${`,${text}`.repeat(times - 1)}]`);

function keyVector(values: readonly FeastScalar[]): string {
  return vector(JSON.stringify(values), repeated(PRESENT, values.length), repeated(NO_TIME, values.length));
}

function roleVectors({ chosen }: RolePlan, rows: readonly WrittenValues[]): string[] {
  const times = `[${rows.map(({ time }) => time).join(',')}]`;
  const allPresent = rows.every(({ isAllPresent }) => isAllPresent) ? repeated(PRESENT, rows.length) : undefined;
  return chosen.map((place) => {
    const values = rows.map((row) => row.values[place]).join(',');
    return vector(`[${values}]`, allPresent ?? JSON.stringify(rows.map(({ statuses }) => statuses[place])), times);
  });
}

/** Request features are computed from the request alone. */
const NO_SERIES: SeriesSource = { series: () => undefined, progress: () => null };

function requestVectors({ requestService: service }: FeastPlan, requests: readonly VectorRequest[]): string[] {
  if (service.columns.length === 0) return [];
  const times = repeated(NO_TIME, requests.length);
  const vectors = requests.map((request) => buildVector(service, request, NO_SERIES));
  return service.columns.map(({ dtype }, c) => {
    const values = vectors.map((one) => writeValue(one.values[c], dtype === 'float')).join(',');
    const statuses: (Status | undefined)[] = vectors.map((one) => one.statuses[c]);
    return vector(`[${values}]`, JSON.stringify(statuses), times);
  });
}
