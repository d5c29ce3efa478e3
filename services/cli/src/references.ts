/**
 * References from resource to resource. An owner checks those among its own kinds; only here, where the whole set and the platform
 * are in sight, can those to other owners be checked before anything is applied.
 */
import { allKinds } from '@roofshot/contracts/resources';
import type { DeploymentSpec } from '@roofshot/contracts/resources/deployment';
import type { ExperimentSpec } from '@roofshot/contracts/resources/experiment-kinds';
import { featureFaultsOf, plansOf } from './feature-references.ts';
import type { KnownResources } from './known-resources.ts';
import { faultIn, type FileFault, type Loaded, type LoadedResource } from './load-resources.ts';
import { suggest } from '@roofshot/runtime/nearest';
import { referencesOf } from '@roofshot/runtime/references';

/**
 * Every reference that leads nowhere, with the nearest names (in faulty documents too), and every name of a feature that does not
 * exist.
 */
export async function referenceFaults({ resources, unusable }: Loaded, known: KnownResources): Promise<FileFault[]> {
  const faults: FileFault[] = [];
  for (const loaded of [...resources, ...unusable]) faults.push(...(await nameFaults(loaded, known)));
  for (const loaded of resources) faults.push(...(await variantFaults(loaded, known)));
  const plans = await plansOf(resources, known);
  for (const loaded of resources) faults.push(...(await featureFaultsOf(loaded, plans, known)));
  return faults;
}

async function nameFaults(loaded: LoadedResource, known: KnownResources): Promise<FileFault[]> {
  const faults: FileFault[] = [];
  const { kind: from, spec } = loaded.resource;
  const definition = allKinds.find((one) => one.name === from);
  if (definition === undefined) return [];
  for (const { path, kind, name } of referencesOf(definition, spec)) {
    const names = [...(await known.specsOf(kind)).keys()];
    if (!names.includes(name)) faults.push(faultIn(loaded, `/spec${path}`, `there is no ${kind} "${name}". ${suggest(name, names)}`));
  }
  return faults;
}

/** An experiment's variants are served by variants of its deployment. */
async function variantFaults(loaded: LoadedResource, known: KnownResources): Promise<FileFault[]> {
  if (loaded.resource.kind !== 'Experiment') return [];
  const { deployment, variants } = loaded.resource.spec as ExperimentSpec;
  const spec = (await known.specsOf('Deployment')).get(deployment) as DeploymentSpec | undefined;
  if (spec === undefined) return [];
  const names = spec.variants.map(({ name }) => name);
  return variants.flatMap(({ serves }, index) => {
    if (names.includes(serves)) return [];
    const message = `the Deployment "${deployment}" has no variant "${serves}". ${suggest(serves, names)}`;
    return [faultIn(loaded, `/spec/variants/${index}/serves`, message)];
  });
}
