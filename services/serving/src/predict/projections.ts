/** From the feature service's whole vector to the matrix that a version takes: its signature's inputs, in its order. */
import { isNumeric, type FeatureValue } from '@roofshot/feature-defs/feature-value';
import type { ServicePlan } from '@roofshot/feature-defs/service-plan';
import type { LoadedVersion } from '../models/loaded-versions.ts';

/** Places in the vector; or what the feature service lacks. */
export type Projection = { readonly places: readonly number[] } | { readonly missing: readonly string[] };

const known = new WeakMap<ServicePlan, WeakMap<LoadedVersion, Projection>>();

export function projectionOf(plan: ServicePlan, version: LoadedVersion): Projection {
  const byVersion = known.get(plan) ?? new WeakMap<LoadedVersion, Projection>();
  known.set(plan, byVersion);
  const projection = byVersion.get(version) ?? makeProjection(plan, version);
  byVersion.set(version, projection);
  return projection;
}

function makeProjection({ columns }: ServicePlan, { signature }: LoadedVersion): Projection {
  const names = signature.inputs.map(({ name }) => name);
  const numbers = columns.filter(({ dtype }) => isNumeric(dtype));
  const missing = names.filter((name) => !numbers.some((column) => column.name === name));
  if (missing.length > 0) return { missing };
  return { places: names.map((name) => columns.findIndex((column) => column.name === name)) };
}

export function describeMissing(plan: ServicePlan, { model, version }: LoadedVersion, missing: readonly string[]): string {
  const unfit = missing
    .flatMap((name) => plan.columns.filter((column) => column.name === name))
    .map(({ name, dtype }) => `${name} (${dtype})`);
  const absent = missing.filter((name) => !plan.columns.some((column) => column.name === name));
  const needs = `version ${version} of ${model} needs`;
  return [
    ...(absent.length === 0 ? [] : [`${needs} ${absent.join(', ')}, which FeatureService ${plan.name} does not have`]),
    ...(unfit.length === 0 ? [] : [`${needs} numbers, which ${unfit.join(', ')} of FeatureService ${plan.name} are not`]),
  ].join('; ');
}

/** Row-major, rows × places; null becomes NaN. The places are those of numbers. */
export function matrixOf(vectors: readonly (readonly FeatureValue[])[], places: readonly number[]): Float32Array {
  const matrix = new Float32Array(vectors.length * places.length);
  let at = 0;
  for (const values of vectors) {
    for (const place of places) {
      matrix[at] = (values[place] as number | null) ?? NaN;
      at += 1;
    }
  }
  return matrix;
}
