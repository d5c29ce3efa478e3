import { Entity, FeatureService, FeatureView } from '@roofshot/contracts/resources/feature-kinds';
import { Definitions, type Declared } from '@roofshot/feature-defs/definitions';
import type { Declared as DeclaredResource } from '@roofshot/runtime/resource-store';
import type { Resources } from '@roofshot/runtime/resources';

/** All definitions as they are kept now: for answers that must not be a moment behind. */
export async function readDefinitions(resources: Resources): Promise<Definitions> {
  const definitions = new Definitions();
  for (const entity of await resources.list(Entity)) definitions.setEntity(declaredOf(entity));
  for (const view of await resources.list(FeatureView)) definitions.setView(declaredOf(view));
  for (const service of await resources.list(FeatureService)) definitions.setService(declaredOf(service));
  return definitions;
}

export function declaredOf<S>({ metadata, generation, spec }: DeclaredResource<S>): Declared<S> {
  return { name: metadata.name, generation, deleted: false, spec };
}
