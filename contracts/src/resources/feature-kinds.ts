import { Type, type Static } from 'typebox';
import { Closed, defineResource } from '../define.ts';
import { Duration, Expression, Name } from '../ids.ts';

/** Identifiers in expressions and column names. */
export const Identifier = Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' });

export const EntitySpec = Closed({
  /** The key's parts, in order; empty for the one entity "everything". */
  keys: Type.Array(Identifier, { maxItems: 4 }),
});
export type EntitySpec = Static<typeof EntitySpec>;

/** count: events · sum, mean: of `value` · share: mean of a condition (true = 1). Null values are left out of sum, mean and share. */
export const FeatureSpec = Closed({
  name: Identifier,
  aggregation: Type.Union([Type.Literal('count'), Type.Literal('sum'), Type.Literal('mean'), Type.Literal('share')]),
  /** CEL over `data`, `subject`, `time`. Not for count. */
  value: Type.Optional(Expression),
});
export type FeatureSpec = Static<typeof FeatureSpec>;

export const FeatureViewSpec = Closed({
  entity: Name,
  source: Closed({
    eventType: Name,
    /** CEL for each part of the entity's key: `{airport: data.origin}`; absent for the entity "everything". */
    keys: Type.Optional(Type.Record(Identifier, Expression)),
    /** Events for which it is not true are passed over. */
    filter: Type.Optional(Expression),
  }),
  /** Width of a tile; every window is a multiple of it. A value at t aggregates [floor(t, tile) − window, floor(t, tile)). */
  tile: Duration,
  windows: Type.Array(Duration, { minItems: 1, maxItems: 8 }),
  features: Type.Array(FeatureSpec, { minItems: 1, maxItems: 32 }),
});
export type FeatureViewSpec = Static<typeof FeatureViewSpec>;

export const FeatureServiceSpec = Closed({
  /** Names that a request gives in `entities`: `[origin, destination]`; absent: none. */
  entities: Type.Optional(Type.Array(Identifier, { maxItems: 16 })),
  /** Names and types that a request gives in `context`; absent: none. */
  context: Type.Optional(Type.Record(Identifier, Type.Union([Type.Literal('number'), Type.Literal('string'), Type.Literal('boolean')]))),
  /** The same view may be read under several roles; a feature's full name is `<role>__<feature>_<window>`. */
  views: Type.Optional(
    Type.Array(
      Closed({
        role: Identifier,
        view: Name,
        /** Part of the entity's key → name in the request's `entities`; absent for the entity "everything". */
        keys: Type.Optional(Type.Record(Identifier, Identifier)),
        /** `<feature>_<window>` names; absent: all of the view. */
        features: Type.Optional(Type.Array(Identifier)),
      }),
      { maxItems: 32 },
    ),
  ),
  /** Computed when asked, from `context` and `entities`, by the same code in serving and in snapshots. */
  requestFeatures: Type.Optional(
    Type.Array(Closed({ name: Identifier, value: Expression }), {
      maxItems: 64,
    }),
  ),
});
export type FeatureServiceSpec = Static<typeof FeatureServiceSpec>;
/** One view under one role. */
export type FeatureServiceView = NonNullable<FeatureServiceSpec['views']>[number];

export const Entity = defineResource('Entity', {
  plural: 'entities',
  owner: 'features',
  spec: EntitySpec,
  order: 20,
  description: 'What a feature describes: its key, possibly empty for "everything".',
});
export const FeatureView = defineResource('FeatureView', {
  plural: 'feature-views',
  owner: 'features',
  spec: FeatureViewSpec,
  order: 30,
  references: { '/entity': 'Entity', '/source/eventType': 'EventType' },
  description: 'Features of one entity from one event type: expressions, aggregations and windows.',
});
export const FeatureService = defineResource('FeatureService', {
  plural: 'feature-services',
  owner: 'features',
  spec: FeatureServiceSpec,
  order: 40,
  references: { '/views/*/view': 'FeatureView' },
  description: 'A named list of features, each view under a role, plus request-time features.',
});
