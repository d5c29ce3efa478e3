/** What the registry has said: versions and aliases, newest move of each alias. */
import type { DataOf } from '@roofshot/contracts/define';
import type { ModelAliasRemoved, ModelVersionApproved, ModelVersionPromoted, ModelVersionRegistered } from '@roofshot/contracts/models';

export type Signature = DataOf<typeof ModelVersionRegistered>['signature'];

export interface KnownVersion {
  readonly model: string;
  readonly version: number;
  readonly artifact: string;
  readonly signature: Signature;
}

export interface AliasTarget {
  /** Null: the alias was removed. */
  readonly version: KnownVersion | null;
  readonly revision: number;
}

interface KnownModel {
  readonly versions: Map<number, KnownVersion>;
  readonly aliases: Map<string, AliasTarget>;
}

type Named = DataOf<typeof ModelVersionRegistered> | DataOf<typeof ModelVersionApproved> | DataOf<typeof ModelVersionPromoted>;

/** A fold of model-versions.v1: one model's events come in order; hearing one twice changes nothing. */
export class ModelCatalogue {
  readonly #models = new Map<string, KnownModel>();

  addVersion({ model, version, artifact, signature }: Named): KnownVersion {
    const known = { model, version, artifact, signature };
    this.#model(model).versions.set(version, known);
    return known;
  }

  /** A refused version is not offered any more. */
  dropVersion(model: string, version: number): void {
    this.#model(model).versions.delete(version);
  }

  moveAlias(data: DataOf<typeof ModelVersionPromoted>): void {
    this.#setAlias(data.model, data.alias, { version: this.addVersion(data), revision: data.aliasRevision });
  }

  removeAlias({ model, alias, aliasRevision }: DataOf<typeof ModelAliasRemoved>): void {
    this.#setAlias(model, alias, { version: null, revision: aliasRevision });
  }

  alias(model: string, alias: string): AliasTarget | undefined {
    return this.#models.get(model)?.aliases.get(alias);
  }

  version(model: string, version: number): KnownVersion | undefined {
    return this.#models.get(model)?.versions.get(version);
  }

  models(): string[] {
    return [...this.#models.keys()];
  }

  /** Ascending. */
  versions(model: string): number[] {
    return [...(this.#models.get(model)?.versions.keys() ?? [])].sort((a, b) => a - b);
  }

  #setAlias(model: string, alias: string, target: AliasTarget): void {
    const { aliases } = this.#model(model);
    if (target.revision > (aliases.get(alias)?.revision ?? 0)) aliases.set(alias, target);
  }

  #model(name: string): KnownModel {
    const known = this.#models.get(name);
    if (known !== undefined) return known;
    const model = { versions: new Map(), aliases: new Map() };
    this.#models.set(name, model);
    return model;
  }
}
