/** Requests and answers of Feast's feature server (0.67), for clients that know it. */
import { Type, type Static } from 'typebox';
import { FeatureStatus } from '../predictions.ts';
import { Name } from '../ids.ts';

/** A request is one MGET and some milliseconds of arithmetic; while it is computed, others wait. */
export const MOST_FEAST_ROWS = 5_000;

/** One value of a column: a part of an entity's key, or of the context. Null names nobody. */
export const FeastScalar = Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]);
export type FeastScalar = Static<typeof FeastScalar>;

/** `POST /get-online-features`. Values as of now. */
export const GetOnlineFeatures = Type.Object({
  /** `<view>:<feature>_<window>`; the join keys are the keys of the views' entities. */
  features: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 1_000 })),
  /** Instead of `features`; its `entities` and the names of its `context` are columns. */
  feature_service: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
  /** A column for each join key, all of one length. Columns that nothing asks for are passed over, as Feast does. */
  entities: Type.Record(Type.String(), Type.Array(FeastScalar, { maxItems: MOST_FEAST_ROWS })),
  /** `<view>__<feature>_<window>` in the answer. Those of a feature service are always `<role>__<feature>_<window>`. */
  full_feature_names: Type.Optional(Type.Boolean()),
  /** Whether `metadata` tells the views with their versions. */
  include_feature_view_version_metadata: Type.Optional(Type.Boolean()),
});
export type GetOnlineFeatures = Static<typeof GetOnlineFeatures>;

/** A column of the answer: a join key or a feature, with an item for each row. */
export const FeastVector = Type.Object({
  values: Type.Array(Type.Unknown()),
  statuses: Type.Array(FeatureStatus),
  /** The newest event in the value's series, RFC 3339; 1970-01-01T00:00:00Z where there is none. */
  event_timestamps: Type.Array(Type.String()),
});

export const OnlineFeatures = Type.Object({
  metadata: Type.Object({
    /** Join keys first, in the order of the request; then features, those of one view together. */
    feature_names: Type.Array(Type.String()),
    /** The version is the view's generation. */
    feature_view_metadata: Type.Optional(Type.Array(Type.Object({ name: Name, version: Type.Integer() }))),
  }),
  /** In the order of the names. */
  results: Type.Array(FeastVector),
});
export type OnlineFeatures = Static<typeof OnlineFeatures>;

/** As many as a batch has of events: they are one transaction. */
export const MOST_PUSHED_ROWS = 5_000;

/**
 * `POST /push`: rows for a source, as columns of one length. A source is an event type and each row an event of it, which gets its verdict
 * as any other does: its data is the row, its time the column `event_timestamp`, its subject the column `subject`.
 */
export const PushFeatures = Type.Object({
  /** The name of a declared EventType. */
  push_source_name: Type.String({ minLength: 1, maxLength: 200 }),
  df: Type.Record(Type.String(), Type.Array(Type.Unknown(), { maxItems: MOST_PUSHED_ROWS })),
  /** Events lie on the log, which online and offline values are made of alike: it makes no difference. */
  to: Type.Optional(Type.Union([Type.Literal('online'), Type.Literal('offline'), Type.Literal('online_and_offline')])),
  /** There is no other registry to look into. */
  allow_registry_cache: Type.Optional(Type.Boolean()),
  transform_on_write: Type.Optional(Type.Boolean()),
});
export type PushFeatures = Static<typeof PushFeatures>;
