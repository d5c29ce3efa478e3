/** Requests and answers of the features service. */
import { Type, type Static } from 'typebox';
import { FeatureStatus } from '../predictions.ts';
import { Name, Timestamp } from '../ids.ts';

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
  entities: Type.Record(Type.String(), Type.String()),
  context: Type.Record(Type.String(), Scalar),
  asOf: Type.Optional(Timestamp),
});
export const FeatureVector = Type.Object({
  values: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()])),
  /** Only what is not PRESENT. */
  statuses: Type.Record(Type.String(), FeatureStatus),
  ageSeconds: Type.Number(),
});
export const ReadFeatures = Type.Object({
  featureService: Name,
  requests: Type.Array(FeatureRequest, { minItems: 1, maxItems: 1000 }),
});
export const ReadFeaturesAnswer = Type.Object({
  vectors: Type.Array(FeatureVector),
});
