import type { DynamicModule, Type as Constructor } from '@nestjs/common';
import type { CommandDefinition, ResourceDefinition, TopicDefinition, TopicFamily } from '@roofshot/contracts/define';
import type { Handler } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import type { EventBus } from '@roofshot/messaging/events';
import type { CommandQueue } from '@roofshot/messaging/commands';
import type { ObjectStore } from '@roofshot/storage/object-store';
import type { OnlineStore } from '@roofshot/storage/online-store';
import type { MigrationClass } from '@roofshot/storage/migrate';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { Static, TObject } from 'typebox';

/** The ports that a service can ask for. */
export interface Ports {
  events: EventBus;
  commands: CommandQueue;
  sql: Sql;
  online: OnlineStore;
  objects: ObjectStore;
}
export type PortName = keyof Ports;

/** What every service is given beside the ports that it asked for. */
export interface Surroundings<C> {
  readonly name: string;
  /** The service's own keys, validated and converted. */
  readonly config: C;
  readonly log: Logger;
  /** Epoch milliseconds; rules take it as an argument, never from the machine. */
  readonly clock: () => number;
  /** One database transaction with the events and commands that it says. Needs `sql`. */
  readonly transactions: Transactions;
  /** A private folder of this service for spools and scratch files; survives restarts. */
  readonly folder: string;
}
export type Platform<N extends PortName = never, C = unknown> = Surroundings<C> & Pick<Ports, N>;

/** Nest injection token of the service's own `Platform`. */
export const PLATFORM = Symbol('platform');
/** Looks a provider up in the service's own Nest application. */
export type Resolve = <T>(token: Constructor<T>) => T;

export interface ServiceDefinition<N extends PortName = PortName, S extends TObject = TObject> {
  readonly name: string;
  /** Keys `<NAME>_…` of the environment; `<NAME>_PORT` is always there. */
  readonly config: S;
  readonly port: number;
  readonly needs: readonly N[];
  /** Of those, the stores that it never writes to: its login there needs no right to. */
  readonly readsOnly?: readonly (N & ('online' | 'objects'))[];
  readonly publishes: readonly (TopicDefinition | TopicFamily)[];
  readonly sends: readonly CommandDefinition[];
  /** Resource kinds that it owns; served under `/v1/<plural>`. */
  readonly kinds: readonly ResourceDefinition[];
  /** Path prefixes that it answers, beside its kinds': the gateway routes by them; two owners stop the boot. */
  readonly paths: readonly string[];
  /** TypeORM migration classes of the service's own schema, in order. */
  readonly migrations: readonly MigrationClass[];
  readonly module: (platform: Platform<N, Static<S>>) => DynamicModule;
  readonly handlers: (get: Resolve) => readonly Handler[];
}

/** A service is a value: `run([it])` starts it alone, `run(all)` starts them in one process. */
export function defineService<const N extends PortName, S extends TObject>(definition: ServiceDefinition<N, S>): ServiceDefinition<N, S> {
  return definition;
}

/** Any service: its module takes a platform that only `run` can make. */
export type AnyService = Omit<ServiceDefinition, 'module'> & { readonly module: (platform: never) => DynamicModule };
