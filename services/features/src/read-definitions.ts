import { Entity, FeatureService, FeatureView, type FeatureServiceSpec } from '@roofshot/contracts/resources/feature-kinds';
import { Definitions, type Declared } from '@roofshot/feature-defs/definitions';
import type { Declared as DeclaredResource } from '@roofshot/runtime/resource-store';
import type { Resources } from '@roofshot/runtime/resources';
import type { Queryable } from '@roofshot/storage/sql';
import { readBackfills } from './backfills/backfill-store.ts';
import { withLive } from './backfills/declared-view.ts';

interface DefinitionSources {
  readonly resources: Resources;
  readonly sql: Queryable;
  /** What this process has heard: it tells what a service was before the views that it needs. */
  readonly heard: Definitions;
}

/** All definitions as they are kept now: for answers that must not be a moment behind. */
export class CurrentDefinitions {
  readonly #sources: DefinitionSources;

  constructor(sources: DefinitionSources) {
    this.#sources = sources;
  }

  read(): Promise<Definitions> {
    return readDefinitions(this.#sources);
  }
}

async function readDefinitions({ resources, sql, heard }: DefinitionSources): Promise<Definitions> {
  const definitions = new Definitions();
  for (const entity of await resources.list(Entity)) definitions.setEntity(declaredOf(entity));
  const backfills = await readBackfills(sql);
  for (const view of await resources.list(FeatureView)) definitions.setView(withLive(declaredOf(view), backfills.get(view.metadata.name)));
  for (const service of await resources.list(FeatureService)) definitions.setService(withFormer(declaredOf(service), heard));
  return definitions;
}

/** With what the service was before, as this process has heard it. */
export function withFormer(service: Declared<FeatureServiceSpec>, heard: Definitions): Declared<FeatureServiceSpec> {
  const last = heard.lastService(service.name);
  return last?.generation === service.generation && last.live !== undefined ? { ...service, live: last.live } : service;
}

export function declaredOf<S>({ metadata, generation, spec }: DeclaredResource<S>): Declared<S> {
  return { name: metadata.name, generation, deleted: false, spec };
}
