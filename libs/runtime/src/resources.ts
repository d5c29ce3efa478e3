import { audit } from '@roofshot/contracts/audit';
import type { ResourceDefinition } from '@roofshot/contracts/define';
import type { Applied } from '@roofshot/contracts/http/common';
import type { Fault } from '@roofshot/contracts/validate';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import type { EventBus } from '@roofshot/messaging/events';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import {
  inOrder,
  living,
  notFound,
  otherGeneration,
  planChange,
  refuseDeletion,
  refuseFaults,
  refuseOtherGeneration,
  type Change,
} from './resource-change.ts';
import type { DomainError } from './errors.ts';
import { hasReferences, neededBy, readReferences, sayReferences } from './references.ts';
import type { DeclaredOf, OwnedKind } from './resource-rules.ts';
import { readSet, ResourcesAfter, type Candidate, type PlaceOf } from './resource-set.ts';
import { ResourceStore, type Declared } from './resource-store.ts';
import { schemaOf } from './schema-of.ts';

/** How a change is asked for. */
export interface ChangeRequest {
  /** Tell what would change, and change nothing. */
  readonly dryRun: boolean;
  readonly actor: string;
  readonly reason: string;
  /** Refused with 412 unless the resource (all of the set) has this generation. */
  readonly ifGeneration?: number | undefined;
}

/** What the resources need of their service's platform. */
export interface ResourcesPlatform {
  readonly name: string;
  readonly sql: Sql;
  readonly transactions: Transactions;
  readonly events: Pick<EventBus, 'bounds' | 'readFrom'>;
}

/** Audit records name so many changed places at most: the spec itself is kept where it belongs. */
const MAX_AUDITED_PATHS = 50;

/**
 * The declared resources of one service: checked, kept with their generation, changed all or nothing. Applying the same again
 * changes nothing. `status` is written by `setStatus` alone, so that applying never undoes what the service has decided.
 */
export class Resources {
  readonly kinds: ReadonlyMap<string, OwnedKind>;
  readonly #platform: ResourcesPlatform;
  readonly #store: ResourceStore;

  constructor(platform: ResourcesPlatform, kinds: readonly OwnedKind[]) {
    this.#platform = platform;
    this.#store = new ResourceStore(schemaOf(platform.name));
    this.kinds = new Map(kinds.map((kind) => [kind.definition.name, kind]));
  }

  async find<R extends ResourceDefinition>(kind: R, name: string, db: Queryable = this.#platform.sql): Promise<DeclaredOf<R> | undefined> {
    const kept = await this.#store.find(db, kind.name, name);
    return kept?.deleted === false ? (kept.resource as DeclaredOf<R>) : undefined;
  }

  /** By name. */
  async list<R extends ResourceDefinition>(kind: R, db: Queryable = this.#platform.sql): Promise<DeclaredOf<R>[]> {
    return (await this.#store.list(db, kind.name)) as DeclaredOf<R>[];
  }

  /** `not-found`, with the names that are near. */
  async unknown(kind: ResourceDefinition, name: string, db: Queryable = this.#platform.sql): Promise<DomainError> {
    const known = await this.#store.list(db, kind.name);
    return notFound(
      kind.name,
      name,
      known.map(({ metadata }) => metadata.name),
    );
  }

  /** Replaces the status. Throws `not-found` when there is no such resource. */
  async setStatus(tx: Queryable, kind: ResourceDefinition, name: string, status: unknown): Promise<void> {
    const isKept = await this.#store.setStatus(tx, kind.name, name, status);
    if (!isKept) throw await this.unknown(kind, name, tx);
  }

  /** Applies a set in one transaction. Any fault: `invalid-resource` (422) with all of them as `/<index>/…`, and nothing is changed. Answers in the set's order. */
  apply(sent: readonly unknown[], request: ChangeRequest): Promise<Applied[]> {
    return this.#apply(sent, request, (index) => `/${index}`);
  }

  /** As `apply`, with pointers that begin at the resource. */
  async applyOne(sent: unknown, request: ChangeRequest): Promise<Applied> {
    const [applied] = await this.#apply([sent], request, () => '');
    if (applied === undefined) throw new Error('Applying one resource answered nothing.');
    return applied;
  }

  async #apply(sent: readonly unknown[], request: ChangeRequest, placeOf: PlaceOf): Promise<Applied[]> {
    const { candidates, faults } = readSet(sent, this.kinds, placeOf);
    const changes = await this.#platform.transactions.run(async (tx) => {
      await this.#store.lock(tx, { shared: request.dryRun });
      const planned = await this.#plan(tx, candidates);
      refuseFaults([...faults, ...(await this.#check(tx, planned, { dryRun: request.dryRun, placeOf }))]);
      refuseOtherGeneration(planned, request.ifGeneration);
      if (!request.dryRun) for (const change of inOrder(planned)) await this.#write(tx, change, request);
      return planned;
    });
    if (!request.dryRun)
      for (const { kind, resource, kept, isSpecChanged } of inOrder(changes))
        if (isSpecChanged) await kind.rules.committed?.(resource, living(kept));
    return changes.map(({ result, differences, resource }) => ({ result, differences: [...differences], resource }));
  }

  /**
   * Deletes one resource. Throws `not-found`, or `conflict` with all reasons why it may not be deleted: among them each resource of
   * another owner that needed it when this was called. One that is applied while the deletion runs may be left without it.
   */
  async remove({ definition, rules }: OwnedKind, name: string, request: ChangeRequest): Promise<Applied> {
    // Before the transaction: whoever waits for the lock holds a connection, and must not need a second one.
    const references = await readReferences(this.#platform.events);
    const resource = await this.#platform.transactions.run(async (tx) => {
      await this.#store.lock(tx, { shared: request.dryRun });
      const found = living(await this.#store.find(tx, definition.name, name));
      if (found === undefined) throw await this.unknown(definition, name, tx);
      if (request.ifGeneration !== undefined && request.ifGeneration !== found.generation)
        throw otherGeneration(found, request.ifGeneration);
      const after = new ResourcesAfter(tx, this.#store, new Map([[`${definition.name}/${name}`, undefined]]));
      const ownReasons = (await rules.mayDelete?.(found, after.contextFor(name, request.dryRun))) ?? [];
      refuseDeletion(found, [...ownReasons, ...neededBy(references, found, new Set(this.kinds.keys()))]);
      if (request.dryRun) return found;
      await this.#store.delete(tx, definition.name, name);
      await rules.removed?.(tx, found);
      sayReferences(tx, definition, found, { deleted: true });
      recordAudit(tx, { action: 'delete', resource: found, request, detail: { generation: found.generation } });
      return found;
    });
    if (!request.dryRun) await rules.committed?.(undefined, resource);
    return { result: 'deleted', differences: [], resource };
  }

  /** Says what kept resources refer to where the log does not tell it yet, as of those that were applied before it did. */
  async sayAllReferences(): Promise<void> {
    const definitions = [...this.kinds.values()].map(({ definition }) => definition).filter(hasReferences);
    if (definitions.length === 0) return;
    const said = await readReferences(this.#platform.events);
    await this.#platform.transactions.run(async (tx) => {
      await this.#store.lock(tx, { shared: false });
      for (const definition of definitions) {
        for (const resource of await this.#store.list(tx, definition.name)) {
          const last = said.get(`${resource.kind}/${resource.metadata.name}`);
          if (last === undefined || last.generation < resource.generation) sayReferences(tx, definition, resource, { deleted: false });
        }
      }
    });
  }

  async #plan(tx: Tx, candidates: readonly Candidate[]): Promise<Change[]> {
    const changes: Change[] = [];
    for (const candidate of candidates) {
      const { kind, sent } = candidate;
      changes.push(planChange(candidate, await this.#store.find(tx, kind.definition.name, sent.metadata.name)));
    }
    return changes;
  }

  async #check(tx: Tx, changes: readonly Change[], { dryRun, placeOf }: { dryRun: boolean; placeOf: PlaceOf }): Promise<Fault[]> {
    const after = new ResourcesAfter(
      tx,
      this.#store,
      new Map(changes.map(({ resource }) => [`${resource.kind}/${resource.metadata.name}`, resource])),
    );
    const faults: Fault[] = [];
    for (const { index, kind, resource } of changes) {
      const found = (await kind.rules.check?.(resource.spec, after.contextFor(resource.metadata.name, dryRun))) ?? [];
      faults.push(...found.map(({ path, message }) => ({ path: `${placeOf(index)}/spec${path}`, message })));
    }
    return faults;
  }

  async #write(tx: Tx, { kind, kept, resource, result, differences, isSpecChanged }: Change, request: ChangeRequest): Promise<void> {
    if (result === 'unchanged') return;
    await this.#store.write(tx, resource);
    if (isSpecChanged) await kind.rules.changed?.(tx, resource, living(kept));
    if (isSpecChanged) sayReferences(tx, kind.definition, resource, { deleted: false });
    const paths = differences.slice(0, MAX_AUDITED_PATHS).map(({ path }) => path);
    recordAudit(tx, { action: 'apply', resource, request, detail: { result, generation: resource.generation, paths } });
  }
}

interface AuditedChange {
  readonly action: 'apply' | 'delete';
  readonly resource: Declared;
  readonly request: ChangeRequest;
  readonly detail: Record<string, unknown>;
}

function recordAudit(tx: Tx, { action, resource: { kind, metadata }, request: { actor, reason }, detail }: AuditedChange): void {
  const target = `${kind}/${metadata.name}`;
  tx.publish(audit, [{ type: 'audit.recorded', subject: target, data: { actor, action, target, reason, detail } }]);
}
