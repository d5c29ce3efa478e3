/** What will be declared when the set is applied: the files' resources over those that the platform has. */
import type { Resource } from '@roofshot/contracts/define';
import { allKinds } from '@roofshot/contracts/resources';
import { call } from './client.ts';
import type { LoadedResource } from './load-resources.ts';

/** Undefined: declared in the files, and faulty there. */
export type Specs = ReadonlyMap<string, unknown>;

export class KnownResources {
  readonly #url: string;
  readonly #sent: readonly LoadedResource[];
  /** `<kind>/<name>` of every declaration in the files, the faulty ones too. */
  readonly #declared: ReadonlySet<string>;
  readonly #kinds = new Map<string, Promise<Specs>>();
  readonly #applied = new Map<string, Promise<Specs>>();

  constructor(url: string, sent: readonly LoadedResource[], declared: ReadonlySet<string>) {
    this.#url = url;
    this.#sent = sent;
    this.#declared = declared;
  }

  /** By name. The platform is asked once for each kind. */
  specsOf(kind: string): Promise<Specs> {
    const known = this.#kinds.get(kind) ?? this.#read(kind);
    this.#kinds.set(kind, known);
    return known;
  }

  /** Of the platform alone, without those that the files declare anew. */
  async appliedOf(kind: string): Promise<Specs> {
    const applied = await this.#readApplied(kind);
    return new Map([...applied].filter(([name]) => !this.#declared.has(`${kind}/${name}`)));
  }

  #readApplied(kind: string): Promise<Specs> {
    const applied = this.#applied.get(kind) ?? this.#ask(kind);
    this.#applied.set(kind, applied);
    return applied;
  }

  async #ask(kind: string): Promise<Specs> {
    const definition = allKinds.find(({ name }) => name === kind);
    if (definition === undefined) return new Map();
    const { items } = await call<{ items: readonly Resource[] }>(this.#url, `/v1/${definition.plural}`);
    return new Map(items.map(({ metadata, spec }) => [metadata.name, spec]));
  }

  async #read(kind: string): Promise<Specs> {
    const specs = new Map(await this.#readApplied(kind));
    for (const key of this.#declared) if (key.startsWith(`${kind}/`)) specs.set(key.slice(kind.length + 1), undefined);
    for (const { resource } of this.#sent) if (resource.kind === kind) specs.set(resource.metadata.name, resource.spec);
    return specs;
  }
}
