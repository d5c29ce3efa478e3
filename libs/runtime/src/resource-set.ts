import type { ResourceDefinition } from '@roofshot/contracts/define';
import { SentResource } from '@roofshot/contracts/http/common';
import { validatorOf, type Fault } from '@roofshot/contracts/validate';
import type { Tx } from '@roofshot/messaging/handlers';
import { suggest } from './nearest.ts';
import type { DeclaredOf, OwnedKind, RuleContext } from './resource-rules.ts';
import type { Declared, ResourceStore } from './resource-store.ts';
import { unkeepableFaults } from './unkeepable.ts';

/** A resource as it was sent, found valid by its kind's schema. */
export interface Candidate {
  /** Its place in the set. */
  readonly index: number;
  readonly kind: OwnedKind;
  readonly sent: SentResource;
}

export interface ReadSet {
  readonly candidates: readonly Candidate[];
  readonly faults: readonly Fault[];
}

/** The pointer to a resource of the set. */
export type PlaceOf = (index: number) => string;

/** Reads a set of sent resources: the valid ones, and every fault of the others. */
export function readSet(sent: readonly unknown[], kinds: ReadonlyMap<string, OwnedKind>, placeOf: PlaceOf): ReadSet {
  const candidates: Candidate[] = [];
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, one] of sent.entries()) {
    const found = readOne(one, kinds, seen);
    if ('kind' in found) candidates.push({ index, ...found });
    else faults.push(...found.faults.map(({ path, message }) => ({ path: placeOf(index) + path, message })));
  }
  return { candidates, faults };
}

function readOne(
  sent: unknown,
  kinds: ReadonlyMap<string, OwnedKind>,
  seen: Set<string>,
): Omit<Candidate, 'index'> | { readonly faults: Fault[] } {
  const unkeepable = unkeepableFaults(sent);
  if (unkeepable.length > 0) return { faults: unkeepable };
  const envelope = validatorOf(SentResource);
  if (!envelope.check(sent)) return { faults: envelope.faults(sent) };
  const kind = kinds.get(sent.kind);
  if (kind === undefined) {
    return { faults: [{ path: '/kind', message: `${sent.kind} is no kind of this service. ${suggest(sent.kind, [...kinds.keys()])}` }] };
  }
  const key = `${sent.kind}/${sent.metadata.name}`;
  if (seen.has(key)) return { faults: [{ path: '/metadata/name', message: `${key} is in the set twice. Remove one of the two.` }] };
  seen.add(key);
  const faults = validatorOf(kind.definition.spec).faults(sent.spec);
  return faults.length === 0 ? { kind, sent } : { faults: faults.map(({ path, message }) => ({ path: `/spec${path}`, message })) };
}

/** The resources of a service as they will be when a change is made: what is kept, under what is sent, without what is deleted. */
export class ResourcesAfter {
  readonly #tx: Tx;
  readonly #store: ResourceStore;
  readonly #sent: ReadonlyMap<string, Declared | undefined>;

  /** `sent`: by `<kind>/<name>`; undefined: deleted. */
  constructor(tx: Tx, store: ResourceStore, sent: ReadonlyMap<string, Declared | undefined>) {
    this.#tx = tx;
    this.#store = store;
    this.#sent = sent;
  }

  contextFor(name: string, dryRun: boolean): RuleContext {
    return {
      name,
      tx: this.#tx,
      dryRun,
      find: async <R extends ResourceDefinition>(kind: R, wanted: string) =>
        (await this.#find(kind.name, wanted)) as DeclaredOf<R> | undefined,
      list: async <R extends ResourceDefinition>(kind: R) => (await this.#list(kind.name)) as DeclaredOf<R>[],
    };
  }

  async #find(kind: string, name: string): Promise<Declared | undefined> {
    const key = `${kind}/${name}`;
    if (this.#sent.has(key)) return this.#sent.get(key);
    const kept = await this.#store.find(this.#tx, kind, name);
    return kept?.deleted === false ? kept.resource : undefined;
  }

  async #list(kind: string): Promise<Declared[]> {
    const byName = new Map((await this.#store.list(this.#tx, kind)).map((resource) => [resource.metadata.name, resource]));
    for (const [key, resource] of this.#sent) {
      if (!key.startsWith(`${kind}/`)) continue;
      if (resource === undefined) byName.delete(key.slice(kind.length + 1));
      else byName.set(resource.metadata.name, resource);
    }
    return [...byName.values()];
  }
}
