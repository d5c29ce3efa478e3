import type { ResourceDefinition, SpecOf } from '@roofshot/contracts/define';
import type { Fault } from '@roofshot/contracts/validate';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Declared } from './resource-store.ts';

export type DeclaredOf<R extends ResourceDefinition> = Declared<SpecOf<R>>;

/** What a rule may look at: the resources as they will be after this change, and the database in the same transaction. */
export interface RuleContext {
  readonly name: string;
  readonly tx: Tx;
  readonly dryRun: boolean;
  /** A resource of this service: from the set that is being applied, else as it is kept. */
  find<R extends ResourceDefinition>(kind: R, name: string): Promise<DeclaredOf<R> | undefined>;
  /** All of a kind, likewise. */
  list<R extends ResourceDefinition>(kind: R): Promise<DeclaredOf<R>[]>;
}

/** What a service adds to a kind that it owns. */
export interface KindRules<R extends ResourceDefinition> {
  /** Faults that the schema cannot tell, all of them; pointers begin at the spec. Must change nothing. */
  readonly check?: (spec: SpecOf<R>, context: RuleContext) => readonly Fault[] | Promise<readonly Fault[]>;
  /** Why it may not be deleted, all reasons. Must change nothing. */
  readonly mayDelete?: (resource: DeclaredOf<R>, context: RuleContext) => readonly Fault[] | Promise<readonly Fault[]>;
  /** The spec is new or other than before: state and events in the same transaction. May run again after a deadlock. */
  readonly changed?: (tx: Tx, resource: DeclaredOf<R>, previous: DeclaredOf<R> | undefined) => void | Promise<void>;
  readonly removed?: (tx: Tx, resource: DeclaredOf<R>) => void | Promise<void>;
  /** After the commit and before the answer, in the process that took the request: what it keeps in memory. Undefined: removed. */
  readonly committed?: (resource: DeclaredOf<R> | undefined, previous: DeclaredOf<R> | undefined) => void | Promise<void>;
}

/** A kind with its rules, the type of its spec erased: it has been validated before any rule runs. */
export interface OwnedKind {
  readonly definition: ResourceDefinition;
  readonly rules: KindRules<ResourceDefinition>;
}

export function ownedKind<R extends ResourceDefinition>(definition: R, rules: KindRules<R> = {}): OwnedKind {
  return { definition, rules: rules as unknown as KindRules<ResourceDefinition> };
}
