import type { VersionAnswer } from '@roofshot/contracts/http/registry';
import type { ModelSpec } from '@roofshot/contracts/resources/model';
import { suggest } from '@roofshot/runtime/nearest';
import { call } from './client.ts';
import { faultIn, type FileFault, type LoadedResource } from './load-resources.ts';

/** Gates on a metric that no version of the model has reported: each new version would be refused. Before the first version nothing is known. */
export async function gateWarnings(url: string, resources: readonly LoadedResource[]): Promise<FileFault[]> {
  const warnings: FileFault[] = [];
  for (const loaded of resources) {
    if (loaded.resource.kind !== 'Model') continue;
    const { gates = [] } = loaded.resource.spec as ModelSpec;
    if (gates.length > 0) warnings.push(...strangeGates(loaded, gates, await reportedMetrics(url, loaded.resource.metadata.name)));
  }
  return warnings;
}

async function reportedMetrics(url: string, model: string): Promise<string[]> {
  const { items } = await call<{ items: readonly VersionAnswer[] }>(url, `/v1/models/${encodeURIComponent(model)}/versions`);
  return [...new Set(items.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
}

function strangeGates(loaded: LoadedResource, gates: NonNullable<ModelSpec['gates']>, reported: readonly string[]): FileFault[] {
  if (reported.length === 0) return [];
  return gates.flatMap(({ metric }, i) => {
    if (reported.includes(metric)) return [];
    const message = `no version has reported the metric "${metric}", and a version without it is refused. ${suggest(metric, reported)}`;
    return [faultIn(loaded, `/spec/gates/${i}/metric`, message)];
  });
}
