import { Type, type Static } from 'typebox';
import { Closed, defineResource, Described } from '../define.ts';
import { Duration, Expression, Name } from '../ids.ts';

/** Identifiers in expressions and column names. */
export const Identifier = Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' });

export const EntitySpec = Closed({
  keys: Described(
    Type.Array(Identifier, { maxItems: 4 }),
    "The key's parts, in order; empty for the one entity that is everything. Fixed as long as a FeatureView is about it.",
  ),
});
export type EntitySpec = Static<typeof EntitySpec>;

/** How the values of a window's events become one value. */
export const Aggregation = Type.Union([
  Type.Literal('count'),
  Type.Literal('sum'),
  Type.Literal('mean'),
  Type.Literal('share'),
  Type.Literal('ratio'),
  Type.Literal('variance'),
  Type.Literal('stddev'),
  Type.Literal('min'),
  Type.Literal('max'),
  Type.Literal('first'),
  Type.Literal('last'),
  Type.Literal('firstK'),
  Type.Literal('lastK'),
  Type.Literal('topK'),
  Type.Literal('distinct'),
  Type.Literal('percentile'),
  Type.Literal('decayedSum'),
]);

export const FeatureSpec = Closed({
  name: Described(Identifier, 'With each window it makes a feature: `<name>_<window>`.'),
  aggregation: Described(
    Aggregation,
    '`count` of events; `sum`, `mean`, `variance` (of a sample) or `stddev` of `value`; `share` of events for which the condition `value` is true; `ratio` of the sums of `value` and `per`; `min`, `max`; `first`, `last`, `firstK`, `lastK` by event time; `topK`: the greatest; `distinct`: about how many different values (exact up to 256 in a window, beyond it ±1.6 % standard error); `percentile`: a quantile within 1 % of its value; `decayedSum`: each value counts half as much after every `halfLife`. Where `value` is null the event is left out of all but `count`.',
  ),
  value: Type.Optional(
    Described(
      Expression,
      'Over `data`, `subject` and `time` of the event: a number, for `share` a condition, for `first`, `last`, `firstK`, `lastK` and `topK` of the declared `type`, for `distinct` anything. Absent for `count`, and only there.',
    ),
  ),
  per: Type.Optional(Described(Expression, 'What a `ratio` divides by. An event counts where both are numbers. Absent for all others.')),
  where: Type.Optional(
    Described(Expression, 'A condition; events for which it is not true are left out of this feature. Absent: none is.'),
  ),
  by: Type.Optional(
    Described(
      Expression,
      'A category, as a text, number or truth value: each of `categories` becomes a feature of its own, `<name>_<category>_<window>`. Absent: one feature.',
    ),
  ),
  categories: Type.Optional(
    Described(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9_]{1,32}$' }), { minItems: 1, maxItems: 64 }),
      'The categories that `by` is divided into; in names they are lower-case. Absent where `by` is.',
    ),
  ),
  type: Type.Optional(
    Described(
      Type.Union([Type.Literal('number'), Type.Literal('string'), Type.Literal('boolean')]),
      'Of the values of `first`, `last`, `firstK`, `lastK` and `topK`.',
      'number',
    ),
  ),
  k: Type.Optional(
    Described(Type.Integer({ minimum: 1, maximum: 100 }), 'How many values `firstK`, `lastK` and `topK` keep. Absent for all others.'),
  ),
  quantile: Type.Optional(
    Described(Type.Number({ minimum: 0, maximum: 1 }), 'Which one a `percentile` is: 0.5 is the median. Absent for all others.'),
  ),
  halfLife: Type.Optional(Described(Duration, 'Of a `decayedSum`. Absent for all others.')),
});
export type FeatureSpec = Static<typeof FeatureSpec>;

/** `1h`, `tumbling 1h`, `hopping 24h by 1h`, `session 30m`, `session 30m within 12h`, `lifetime`. */
export const WindowText = Type.String({
  pattern:
    '^((tumbling )?[1-9][0-9]*(s|m|h|d)|hopping [1-9][0-9]*(s|m|h|d) by [1-9][0-9]*(s|m|h|d)|session [1-9][0-9]*(s|m|h|d)( within [1-9][0-9]*(s|m|h|d))?|lifetime)$',
});

export const FeatureViewSpec = Closed({
  entity: Described(Name, 'Whom or what the features describe.'),
  source: Described(
    Closed({
      eventType: Described(Name, 'The events that the features are computed from.'),
      keys: Type.Optional(
        Described(
          Type.Record(Identifier, Expression),
          "For each part of the entity's key its value, over `data`, `subject` and `time`. Absent: none, for an entity without keys.",
        ),
      ),
      filter: Type.Optional(
        Described(Expression, 'A condition; an event for which it is not true is passed over. Absent: every event counts.'),
      ),
    }),
    'Where the values come from.',
  ),
  tile: Described(
    Duration,
    'Width of a tile, the step in which values move. Every window is a multiple of it, of at most 10,000 tiles; a value at t aggregates from floor(t, tile) − window until before floor(t, tile).',
  ),
  windows: Described(
    Type.Array(WindowText, { minItems: 1, maxItems: 8 }),
    'Each feature is computed over each of them, and named after it with `_` for spaces. `1h`: the last hour, moving with every tile; `tumbling 1h`: the last whole hour; `hopping 24h by 1h`: 24 hours, moving every hour; `session 30m`: the session that is going on, which ends after 30 minutes without an event, of at most a day (`within` says another length); `lifetime`: everything.',
  ),
  features: Described(Type.Array(FeatureSpec, { minItems: 1, maxItems: 32 }), 'What is computed over each window.'),
  ttl: Type.Optional(
    Described(
      Duration,
      'How long after its last event an entity is spoken of, in whole tiles: then its values are null, with the status OUTSIDE_MAX_AGE. Absent: for ever.',
    ),
  ),
  switch: Type.Optional(
    Described(
      Type.Union([Type.Literal('automatic'), Type.Literal('manual')]),
      'A changed view is computed beside the one in force, and compared with it. `automatic`: then it takes its place; `manual`: when somebody says so (`roofshot backfill`).',
      'automatic',
    ),
  ),
  lateness: Type.Optional(
    Described(
      Closed({
        allowed: Described(
          Duration,
          'How much older than the newest event before it an event may be: of those that lie before it in its own partition of the log, by event time.',
        ),
        policy: Described(
          Type.Union([Type.Literal('update'), Type.Literal('sideOutput'), Type.Literal('drop')]),
          'What becomes of a later one: `update`: it counts all the same; `sideOutput`: it does not, and is said on `feature-late-events.v1`; `drop`: it does not. Each is counted.',
        ),
      }),
      'What becomes of events that come late. Absent: every event counts.',
    ),
  ),
});
export type FeatureViewSpec = Static<typeof FeatureViewSpec>;

const FeatureServiceViewSpec = Closed({
  role: Described(Identifier, 'Of its features the full name is `<role>__<feature>_<window>`; the same view may have several roles.'),
  view: Described(Name, 'The view that is read under this role.'),
  keys: Type.Optional(
    Described(
      Type.Record(Identifier, Identifier),
      "For each part of the entity's key the name in `entities` that gives it. Absent: none, for an entity without keys.",
    ),
  ),
  features: Type.Optional(Described(Type.Array(Identifier), 'Which of the view, as `<feature>_<window>`. Absent: all of them.')),
});
/** One view under one role. */
export type FeatureServiceView = Static<typeof FeatureServiceViewSpec>;

export const FeatureServiceSpec = Closed({
  entities: Type.Optional(
    Described(Type.Array(Identifier, { maxItems: 16 }), 'Names under which a request says whom it asks about. Absent: none.'),
  ),
  context: Type.Optional(
    Described(
      Type.Record(Identifier, Type.Union([Type.Literal('number'), Type.Literal('string'), Type.Literal('boolean')])),
      'What only the asking side knows, and of which type it is. Absent: nothing.',
    ),
  ),
  views: Type.Optional(
    Described(Type.Array(FeatureServiceViewSpec, { maxItems: 32 }), 'The views that are read, each under a role. Absent: none.'),
  ),
  requestFeatures: Type.Optional(
    Described(
      Type.Array(
        Closed({
          name: Described(Identifier, 'Its name among the features.'),
          value: Described(
            Expression,
            'A number or a condition over `context`, `entities` and `time`, the moment asked about in epoch milliseconds.',
          ),
        }),
        { maxItems: 64 },
      ),
      'Features that are computed when they are asked for, by the same code in serving and in snapshots. Absent: none.',
    ),
  ),
});
export type FeatureServiceSpec = Static<typeof FeatureServiceSpec>;

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
