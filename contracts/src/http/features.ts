/** Requests and answers of the features service. */
import { Type, type Static } from 'typebox';
import { TrainingSnapshotBuilt } from '../features.ts';
import { Name, Timestamp } from '../ids.ts';
import { FeatureStatus, FeatureValue } from '../predictions.ts';
import { SentResource, TextOrNull } from './common.ts';

/** `GET /v1/features/progress?at=<time>&wait=<duration>`: held until every task has applied everything before `at`. */
export const ProgressAnswer = Type.Object({
  /** Least event time over the tasks before which everything is applied; null before the first event. */
  progress: Type.Union([Timestamp, Type.Null()]),
  reached: Type.Boolean(),
  /** Records that are on the log and not yet applied. */
  lag: Type.Integer(),
  tasks: Type.Array(
    Type.Object({
      topic: Type.String(),
      partition: Type.Integer(),
      position: Type.Integer(),
      end: Type.Integer(),
      progress: Type.Union([Timestamp, Type.Null()]),
    }),
  ),
});
export type ProgressAnswer = Static<typeof ProgressAnswer>;

const Scalar = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]);
export const FeatureRequest = Type.Object({
  entities: Type.Optional(Type.Record(Type.String(), Type.String())),
  context: Type.Optional(Type.Record(Type.String(), Scalar)),
  asOf: Type.Optional(Timestamp),
});
export const FeatureVector = Type.Object({
  values: Type.Record(Type.String(), FeatureValue),
  /** Only what is not PRESENT. */
  statuses: Type.Record(Type.String(), FeatureStatus),
  ageSeconds: Type.Number(),
  /** The same for each role. */
  ages: Type.Record(Type.String(), Type.Number()),
});
export const ReadFeatures = Type.Object({
  featureService: Name,
  requests: Type.Array(FeatureRequest, { minItems: 1, maxItems: 1000 }),
});
export const ReadFeaturesAnswer = Type.Object({
  vectors: Type.Array(FeatureVector),
});

/** `POST /v1/feature-views/preview`: values of a view on the last events, before anything is applied. */
export const PreviewView = Type.Object({
  view: SentResource,
  /** Entities that are not applied yet either. */
  entities: Type.Optional(Type.Array(SentResource)),
  events: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 100 })),
});
export const PreviewAnswer = Type.Object({
  /** Events that were found. */
  events: Type.Integer(),
  /** The end of the last event's tile: every event counts. */
  asOf: Type.Union([Timestamp, Type.Null()]),
  /** A row for each entity: the parts of its key, then its values. */
  rows: Type.Array(Type.Record(Type.String(), FeatureValue)),
  /** What is probably not meant: values of the wrong type, fields that no event has, a key or a feature that no event gives. */
  warnings: Type.Array(Type.String()),
});

/** `GET /v1/feature-views/{name}/parked-events`: what the view's expressions could not read, oldest first. */
export const ParkedEvents = Type.Object({
  /** All that were parked, also those that are no longer listed. */
  count: Type.Integer(),
  items: Type.Array(
    Type.Object({
      topic: Type.String(),
      partition: Type.Integer(),
      offset: Type.Integer(),
      eventId: Type.String(),
      eventTime: Type.Union([Timestamp, Type.Null()]),
      reason: Type.String(),
      parkedAt: Timestamp,
    }),
  ),
});

/** `GET /v1/training-snapshots/{id}`. */
export const SnapshotAnswer = Type.Object({
  snapshotId: Type.String(),
  state: Type.Union([Type.Literal('waiting'), Type.Literal('building'), Type.Literal('built'), Type.Literal('failed')]),
  requestedAt: Timestamp,
  finishedAt: Type.Union([Timestamp, Type.Null()]),
  /** Why it failed. */
  reason: TextOrNull,
  /** What `training-snapshot.built` said. */
  result: Type.Union([TrainingSnapshotBuilt.schema, Type.Null()]),
});
export const SnapshotOrdered = Type.Object({ snapshotId: Type.String() });

/** `GET|POST /v1/features/audit`: served vectors recomputed from the raw events by independent code. */
export const AuditRequest = Type.Object({
  /** How many of the newest predictions are looked at. */
  sample: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, default: 200 })),
  deployment: Type.Optional(Name),
});
export const AuditAnswer = Type.Object({
  predictions: Type.Integer(),
  /** Values that were compared. */
  values: Type.Integer(),
  mismatches: Type.Array(
    Type.Object({
      predictionId: Type.String(),
      asOf: Timestamp,
      feature: Type.String(),
      served: FeatureValue,
      recomputed: FeatureValue,
    }),
  ),
  mismatchCount: Type.Integer(),
  /** What could not be compared, with the reason and how many. */
  skipped: Type.Array(Type.Object({ reason: Type.String(), count: Type.Integer() })),
});
export type AuditAnswer = Static<typeof AuditAnswer>;
