/**
 * The four things a service may put on the wire, each defined once as a value.
 * Types are inferred from the values; JSON Schema files, AsyncAPI and topic creation are generated from them.
 */
import { Type, type Static, type TObject, type TSchema } from 'typebox';
import type { CloudEvent } from './envelope.ts';

// eslint-style note: `any` below is the one place where the shape of a schema is erased; callers never see it.
// oxlint-disable-next-line typescript/no-explicit-any -- a definition of any payload, used only as a generic bound
type AnySchema = TObject<any>;

/** The owner of a topic that producers outside of the platform write. No event of it has a contract: its reader takes records as they are. */
export const OTHERS = 'others';

/** A fact, named in the past tense: `exposure.recorded`. */
export interface EventDefinition<T extends string = string, S extends AnySchema = AnySchema> {
  readonly kind: 'event';
  readonly type: T;
  readonly schema: S;
}

/** The CloudEvent that a definition describes. */
export type EventOf<D> = D extends EventDefinition<infer T, infer S> ? CloudEvent<T, Static<S>> : never;
/** The payload alone. */
export type DataOf<D> = D extends { readonly schema: infer S extends TSchema } ? Static<S> : never;

export function defineEvent<T extends string, S extends AnySchema>(type: T, schema: S): EventDefinition<T, S> {
  return { kind: 'event', type, schema };
}

export interface TopicOptions<E extends readonly EventDefinition[]> {
  readonly events: E;
  /** The ordering key: two events with one key are read in the order in which they were published. */
  readonly key: (event: { readonly subject?: string; readonly data: DataOf<E[number]> }) => string;
  /** The one service that publishes. `many` is for the declared multi-writer topics `audit.v1`, `resource-references.v1` and `erasures.v1` alone. */
  readonly owner: string;
  /** How long records are kept, in days, by append time; `forever` for topics that are folded from their start. */
  readonly retentionDays: number | 'forever';
  /** Keep only the newest record of each key. */
  readonly compacted?: boolean;
  /** Read by people outside this repository; a topic without a reader here must say so. */
  readonly public?: boolean;
  readonly description: string;
}

export interface TopicDefinition<
  N extends string = string,
  E extends readonly EventDefinition[] = readonly EventDefinition[],
> extends TopicOptions<E> {
  readonly kind: 'topic';
  readonly name: N;
}

export type EventsOf<T> = T extends TopicDefinition<string, infer E> ? EventOf<E[number]> : never;

export function defineTopic<N extends string, const E extends readonly EventDefinition[]>(
  name: N,
  options: TopicOptions<E>,
): TopicDefinition<N, E> {
  return { kind: 'topic', name, ...options };
}

/** All topics that share a prefix and a shape: `events.<type>`, one per event type that users declare. */
export interface TopicFamily<P extends string = string> {
  readonly kind: 'topic-family';
  readonly prefix: P;
  readonly owner: string;
  readonly retentionDays: number | 'forever';
  readonly public: true;
  readonly description: string;
}

export function defineTopicFamily<P extends string>(prefix: P, options: Omit<TopicFamily<P>, 'kind' | 'prefix'>): TopicFamily<P> {
  return { kind: 'topic-family', prefix, ...options };
}

/** A wish, named in the imperative, with exactly one owner: `training-run.start`. */
export interface CommandDefinition<T extends string = string, S extends AnySchema = AnySchema> {
  readonly kind: 'command';
  readonly type: T;
  readonly version: number;
  /** The queue: `<type>.v<version>`. */
  readonly queue: string;
  readonly owner: string;
  readonly schema: S;
  /** The natural id: sending a command twice under one id is harmless. */
  readonly id: (data: Static<S>) => string;
  readonly description: string;
}

export type CommandOf<D> = D extends CommandDefinition<infer T, infer S> ? Command<T, Static<S>> : never;

export interface Command<T extends string = string, D = unknown> {
  readonly id: string;
  readonly type: T;
  readonly data: D;
  readonly correlationid: string;
  readonly traceparent?: string;
  readonly time: string;
}

export function defineCommand<T extends string, S extends AnySchema>(
  type: T,
  options: {
    owner: string;
    schema: S;
    id: (data: Static<S>) => string;
    description: string;
    version?: number;
  },
): CommandDefinition<T, S> {
  const version = options.version ?? 1;
  return {
    kind: 'command',
    type,
    version,
    queue: `${type}.v${version}`,
    ...options,
  };
}

/** A declared kind (`EventType`, `FeatureView`, …): applied from YAML, owned by one service. */
export interface ResourceDefinition<K extends string = string, S extends TSchema = TSchema> {
  readonly kind: 'resource';
  readonly name: K;
  /** The path segment: `/v1/<plural>/{name}`. */
  readonly plural: string;
  readonly owner: string;
  readonly spec: S;
  /** The order in which `apply` sends kinds: what others refer to goes first. */
  readonly order: number;
  readonly description: string;
  /** Where a spec names other resources: JSON pointer (`*`: every place of a list) → their kind. What is named cannot be deleted. */
  readonly references?: Readonly<Record<string, string>>;
}

export type SpecOf<R> = R extends ResourceDefinition<string, infer S> ? Static<S> : never;

/** A resource as it is written in YAML and answered by its owner. */
export interface Resource<K extends string = string, S = unknown, T = unknown> {
  readonly apiVersion: 'roofshot/v1';
  readonly kind: K;
  readonly metadata: {
    readonly name: string;
    readonly owner?: string;
    readonly description?: string;
    readonly tags?: readonly string[];
  };
  readonly spec: S;
  /** Written by the owner service alone; ignored when applied. */
  readonly status?: T;
  /** Rises by one with each change of `spec`. */
  readonly generation?: number;
}

export function defineResource<K extends string, S extends TSchema>(
  name: K,
  options: Omit<ResourceDefinition<K, S>, 'kind' | 'name'>,
): ResourceDefinition<K, S> {
  return { kind: 'resource', name, ...options };
}

/** A closed object: unknown properties are faults, so that a typing error in YAML is told and not ignored. */
export const Closed: typeof Type.Object = (properties, options) =>
  Type.Object(properties, { additionalProperties: false, ...options }) as never;

/**
 * A field of a declared kind with the sentence that its users read, in the JSON Schema and in docs/reference/kinds.md; `fallback` is what
 * its owner takes where it is absent. The sentence of an optional field without fallback says what its absence means.
 */
export function Described<S extends TSchema>(schema: S, description: string, fallback?: string | number | boolean): S {
  return Type.With(schema, { description, ...(fallback === undefined ? {} : { default: fallback }) }) as unknown as S;
}
