/** What the features service says and hears. */
import { Type } from 'typebox';
import { defineCommand, defineEvent, defineTopic } from './define.ts';
import { Name, ObjectKey, RunId, Timestamp } from './ids.ts';
import { FeatureServiceSpec, FeatureViewSpec, EntitySpec } from './resources/feature-kinds.ts';
import { LabelSpec, ObservationSpec } from './resources/training-job.ts';

const declared = {
  name: Name,
  generation: Type.Integer({ minimum: 1 }),
  deleted: Type.Boolean(),
};
export const EntityChanged = defineEvent('entity.changed', Type.Object({ ...declared, spec: EntitySpec }));
/** Where the computation of a changed view stands. */
export const BackfillState = Type.Union([
  Type.Literal('running'),
  Type.Literal('paused'),
  Type.Literal('compared'),
  Type.Literal('switched'),
  Type.Literal('cancelled'),
]);
export const FeatureViewChanged = defineEvent(
  'feature-view.changed',
  Type.Object({
    ...declared,
    spec: FeatureViewSpec,
    /** Rises when something is said again of one generation. Absent: 0. */
    revision: Type.Optional(Type.Integer({ minimum: 0 })),
    /** What answers are made of until this generation has been computed. Absent: this generation. */
    live: Type.Optional(Type.Object({ generation: Type.Integer({ minimum: 1 }), spec: FeatureViewSpec, backfill: BackfillState })),
  }),
);
export const FeatureServiceChanged = defineEvent(
  'feature-service.changed',
  Type.Object({
    ...declared,
    spec: FeatureServiceSpec,
    /** What answers while a view that this generation needs is still being computed. */
    live: Type.Optional(Type.Object({ generation: Type.Integer({ minimum: 1 }), spec: FeatureServiceSpec })),
  }),
);
/** How far the values of two generations are apart. */
export const FeatureDifference = Type.Object({
  feature: Type.String(),
  /** Entities whose values were compared. */
  compared: Type.Integer(),
  changed: Type.Integer(),
  /** changed / compared; null of none. */
  changedShare: Type.Union([Type.Number(), Type.Null()]),
  /** Of numbers, the greatest difference; null where there is none. */
  greatest: Type.Union([Type.Number(), Type.Null()]),
  /** `none`, `some` or `strong` (see statistics/drift), and in words; null where it cannot be told. */
  shift: Type.Union([Type.String(), Type.Null()]),
  shiftReason: Type.String(),
});
export const BackfillReport = Type.Object({
  /** Rows (entities) of each generation. */
  rowsBefore: Type.Integer(),
  rowsAfter: Type.Integer(),
  /** Entities that were compared: all, or a sample of so many. */
  sample: Type.Integer(),
  added: Type.Array(Type.String()),
  removed: Type.Array(Type.String()),
  features: Type.Array(FeatureDifference),
});
export const FeatureBackfillFinished = defineEvent(
  'feature-backfill.finished',
  Type.Object({
    view: Name,
    generation: Type.Integer({ minimum: 1 }),
    from: Type.Integer({ minimum: 1 }),
    state: BackfillState,
    report: Type.Union([BackfillReport, Type.Null()]),
  }),
);
/** Changed views that were computed beside the ones in force: what became of them, and how far their values are apart. Key: view. */
export const featureBackfills = defineTopic('feature-backfills.v1', {
  events: [FeatureBackfillFinished],
  key: (event) => event.data.view,
  owner: 'features',
  retentionDays: 'forever',
  public: true,
  description: 'Back-fills of changed feature views that were switched to or cancelled, with the report of their differences.',
});
/** What a person or a program may do with a back-fill. */
export const BackfillAction = Type.Union([Type.Literal('pause'), Type.Literal('resume'), Type.Literal('cancel'), Type.Literal('switch')]);
export const ControlBackfill = defineCommand('feature-backfill.control', {
  owner: 'features',
  schema: Type.Object({ requestId: RunId, view: Name, generation: Type.Integer({ minimum: 1 }), action: BackfillAction }),
  id: (data) => data.requestId,
  description: 'Pause, resume, cancel or switch to a changed feature view that is computed beside the one in force.',
});

/** Definitions in force. Compacted by kind and name; serving folds it from the start. */
export const featureDefinitions = defineTopic('feature-views.v1', {
  events: [EntityChanged, FeatureViewChanged, FeatureServiceChanged],
  key: (event) => event.subject ?? event.data.name,
  owner: 'features',
  retentionDays: 'forever',
  compacted: true,
  public: true,
  description: 'Entities, feature views and feature services as declared, newest per name.',
});

export const FeatureEventLate = defineEvent(
  'feature-event.late',
  Type.Object({
    view: Name,
    generation: Type.Integer({ minimum: 1 }),
    eventType: Name,
    eventId: Type.String(),
    eventTime: Timestamp,
    /** The newest event time before it in its partition; it is older than this by more than the view allows. */
    newest: Timestamp,
    /** Where it lies, for who wants all of it. */
    topic: Type.String(),
    partition: Type.Integer(),
    offset: Type.Integer(),
  }),
);
/** Events that came too late for views with the policy `sideOutput`. Key: view. The events themselves are where they were. */
export const lateFeatureEvents = defineTopic('feature-late-events.v1', {
  events: [FeatureEventLate],
  key: (event) => event.data.view,
  owner: 'features',
  retentionDays: 90,
  public: true,
  description: 'Events that came too late for a feature view that puts them aside, by where they lie on the log.',
});

export const BuildTrainingSnapshot = defineCommand('training-snapshot.build', {
  owner: 'features',
  schema: Type.Object({
    snapshotId: RunId,
    featureService: Name,
    observation: ObservationSpec,
    label: LabelSpec,
    /** Observations with from ≤ event time < to. */
    from: Timestamp,
    to: Timestamp,
    /** What was known then: labels and events with a later known time do not exist for this snapshot. */
    asOf: Timestamp,
  }),
  id: (data) => data.snapshotId,
  description: 'Build one immutable, point-in-time correct training table.',
});

/** Models take `float` and `int`; the others are for people, rules and other programs. */
export const FeatureDtype = Type.Union([
  Type.Literal('float'),
  Type.Literal('int'),
  Type.Literal('string'),
  Type.Literal('bool'),
  Type.Literal('float_list'),
  Type.Literal('string_list'),
  Type.Literal('bool_list'),
]);
export const SnapshotColumn = Type.Object({
  name: Type.String(),
  dtype: FeatureDtype,
});
export const TrainingSnapshotBuilt = defineEvent(
  'training-snapshot.built',
  Type.Object({
    snapshotId: RunId,
    /** Parquet in the object store; the key is the content hash. */
    object: ObjectKey,
    bytes: Type.Integer(),
    rows: Type.Integer(),
    /** Observations in the range whose label was not known at `asOf`: left out, never guessed. */
    labelNotKnown: Type.Integer(),
    featureService: Name,
    featureServiceGeneration: Type.Integer(),
    /** Feature columns in the order of the feature service. */
    features: Type.Array(SnapshotColumn),
    label: Type.String(),
    observationIdColumn: Type.String(),
    eventTimeColumn: Type.String(),
    from: Timestamp,
    to: Timestamp,
    asOf: Timestamp,
    /** Log positions up to which events were read: topic → partition → next offset. */
    positions: Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer())),
    /** True when a source event type declares its own known time (an import or replay). */
    imported: Type.Boolean(),
  }),
);
export const TrainingSnapshotFailed = defineEvent('training-snapshot.failed', Type.Object({ snapshotId: RunId, reason: Type.String() }));
/** Training tables. Key: snapshot id. */
export const trainingSnapshots = defineTopic('training-snapshots.v1', {
  events: [TrainingSnapshotBuilt, TrainingSnapshotFailed],
  key: (event) => event.data.snapshotId,
  owner: 'features',
  retentionDays: 'forever',
  public: true,
  description: 'Snapshots built or failed, with content hash, counts and lineage.',
});
