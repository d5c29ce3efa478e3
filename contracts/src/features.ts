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
export const FeatureViewChanged = defineEvent('feature-view.changed', Type.Object({ ...declared, spec: FeatureViewSpec }));
export const FeatureServiceChanged = defineEvent('feature-service.changed', Type.Object({ ...declared, spec: FeatureServiceSpec }));

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
