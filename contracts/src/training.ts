/** What the training service says and hears. */
import { Type } from 'typebox';
import { defineCommand, defineEvent, defineTopic } from './define.ts';
import { ModelName, Name, ObjectKey, RunId, Timestamp, TrialId } from './ids.ts';

export const StartTrainingRun = defineCommand('training-run.start', {
  owner: 'training',
  schema: Type.Object({
    runId: RunId,
    job: Name,
    /** Observations with from ≤ event time < to. */
    from: Timestamp,
    to: Timestamp,
    asOf: Timestamp,
    reason: Type.String(),
    requestedBy: Type.String(),
  }),
  id: (data) => data.runId,
  description: 'Train one job on one range of observations.',
});
export const CancelTrainingRun = defineCommand('training-run.cancel', {
  owner: 'training',
  schema: Type.Object({
    runId: RunId,
    reason: Type.String(),
    requestedBy: Type.String(),
  }),
  id: (data) => `${data.runId}/cancel`,
  description: 'Stop a run; its finished trials are kept.',
});

const Metrics = Type.Record(Type.String(), Type.Number());
const Params = Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()]));

/** Inputs in order, and the meaning of the output. */
export const ModelSignature = Type.Object({
  inputs: Type.Array(Type.Object({ name: Type.String(), dtype: Type.String() })),
  output: Type.Object({
    name: Type.String(),
    dtype: Type.String(),
    meaning: Type.String(),
  }),
});

export const TrainingLineage = Type.Object({
  runId: RunId,
  job: Name,
  jobGeneration: Type.Integer(),
  snapshot: ObjectKey,
  snapshotId: RunId,
  snapshotRows: Type.Integer(),
  labelNotKnown: Type.Integer(),
  featureService: Name,
  featureServiceGeneration: Type.Integer(),
  trialId: TrialId,
  /** sha256 of the trainer's source text. */
  code: Type.String(),
  seed: Type.Integer(),
  imported: Type.Boolean(),
});

export const TrainingRunStarted = defineEvent(
  'training-run.started',
  Type.Object({
    runId: RunId,
    job: Name,
    model: ModelName,
    trials: Type.Integer(),
    snapshotId: RunId,
  }),
);
export const TrialReported = defineEvent(
  'trial.reported',
  Type.Object({
    runId: RunId,
    trialId: TrialId,
    number: Type.Integer(),
    params: Params,
    state: Type.Union([Type.Literal('finished'), Type.Literal('failed'), Type.Literal('cancelled')]),
    metrics: Metrics,
    seconds: Type.Number(),
    error: Type.Optional(Type.String()),
  }),
);
export const TrainingRunFinished = defineEvent(
  'training-run.finished',
  Type.Object({
    runId: RunId,
    job: Name,
    model: ModelName,
    /** The ONNX file in the object store. */
    artifact: ObjectKey,
    artifactBytes: Type.Integer(),
    signature: ModelSignature,
    params: Params,
    /** Of the best trial on the validation range. */
    metrics: Metrics,
    lineage: TrainingLineage,
    seconds: Type.Number(),
  }),
);
export const TrainingRunFailed = defineEvent(
  'training-run.failed',
  Type.Object({
    runId: RunId,
    job: Name,
    reason: Type.String(),
    hint: Type.Optional(Type.String()),
  }),
);
export const TrainingRunCancelled = defineEvent('training-run.cancelled', Type.Object({ runId: RunId, job: Name, reason: Type.String() }));

/** The life of training runs. Key: run. */
export const trainingRuns = defineTopic('training-runs.v1', {
  events: [TrainingRunStarted, TrialReported, TrainingRunFinished, TrainingRunFailed, TrainingRunCancelled],
  key: (event) => event.data.runId,
  owner: 'training',
  retentionDays: 'forever',
  public: true,
  description: 'Runs and trials: started, reported, finished, failed, cancelled.',
});
