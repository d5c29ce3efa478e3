/** Requests and answers of serving. */
import { Type, type Static } from 'typebox';
import { ModelVersion, Name, Probability, Timestamp, UnitId } from '../ids.ts';
import { FeatureStatus } from '../predictions.ts';

const Scalar = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]);
/** One question: which entities, what only the caller knows, who is randomised, for what time. */
export const PredictRequest = Type.Object({
  /** Names the question; default random. Asked again it is answered anew and logged again, and readers of the log count it once. */
  predictionId: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  unit: UnitId,
  /** What the feature service asks for; absent where it asks for none. */
  entities: Type.Optional(Type.Record(Type.String(), Type.String())),
  context: Type.Optional(Type.Record(Type.String(), Scalar)),
  /** The time for which it is asked; default now. At most a minute ahead of serving's clock; a replay asks about the past. */
  asOf: Type.Optional(Timestamp),
});
export type PredictRequest = Static<typeof PredictRequest>;

/** `POST /v1/predict/{deployment}`: one question, or `{requests: […]}` for a batch. */
export const PredictBatch = Type.Object({
  requests: Type.Array(PredictRequest, { minItems: 1 }),
});

export const Prediction = Type.Object({
  predictionId: Type.String(),
  unit: UnitId,
  score: Probability,
  decision: Type.String(),
  model: Name,
  version: Type.Union([ModelVersion, Type.Null()]),
  variant: Name,
  experiment: Type.Optional(Name),
  fallback: Type.Boolean(),
  featureAgeSeconds: Type.Number(),
  degraded: Type.Boolean(),
  /** Only what is not PRESENT. */
  statuses: Type.Record(Type.String(), FeatureStatus),
  timings: Type.Object({ featuresMs: Type.Number(), computeMs: Type.Number() }),
});
export type Prediction = Static<typeof Prediction>;
export const PredictBatchAnswer = Type.Object({
  predictions: Type.Array(Prediction),
});

/** `GET /v1/deployments/{name}/state`: what answers now. `?alias=champion&version=2&wait=10s`, `?experiment=e&configVersion=1&wait=10s` or `?experiment=e&state=stopped&wait=10s` are held until it is so. */
export const DeploymentState = Type.Object({
  name: Name,
  ready: Type.Boolean(),
  variants: Type.Array(
    Type.Object({
      variant: Name,
      alias: Name,
      version: Type.Union([ModelVersion, Type.Null()]),
    }),
  ),
  shadows: Type.Array(
    Type.Object({
      alias: Name,
      version: Type.Union([ModelVersion, Type.Null()]),
    }),
  ),
  allocation: Type.Union([
    Type.Object({
      experiment: Name,
      configVersion: Type.Integer(),
      state: Type.String(),
    }),
    Type.Null(),
  ]),
  spool: Type.Object({ unpublished: Type.Integer() }),
  /** A sentence for each thing that is not as declared: an unknown feature service, a version that cannot be loaded. */
  faults: Type.Optional(Type.Array(Type.String())),
});
export type DeploymentState = Static<typeof DeploymentState>;

/** `GET /v1/predictions/progress?wait=10s`: held until everything that was answered before the call lies on the log, its shadows' answers too. */
export const PredictionsProgress = Type.Object({
  reached: Type.Boolean(),
  /** Answered requests whose events are not on the log yet. */
  unpublished: Type.Integer(),
  /** Vectors that wait for shadows. */
  shadowsWaiting: Type.Integer(),
});
export type PredictionsProgress = Static<typeof PredictionsProgress>;
