/** What the registry says and hears. The registry's alias is the truth about what should answer. */
import { Type } from 'typebox';
import { defineCommand, defineEvent, defineTopic } from './define.ts';
import { ModelName, ModelVersion, Name, ObjectKey, RunId } from './ids.ts';
import { ModelSignature, TrainingLineage } from './training.ts';

/**
 * How many rows a version is asked at once, ascending. Admission asks it each of these numbers before it may answer, and serving asks it no
 * other (what it is asked beyond comes in parts): how long a model takes, and what memory, may be one thing for 16 rows and another for 17.
 */
export const ADMITTED_ROWS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32, 64, 128, 256, 512, 1024];

const version = { model: ModelName, version: ModelVersion };
const act = { reason: Type.String(), requestedBy: Type.String() };

export const ModelVersionRegistered = defineEvent(
  'model-version.registered',
  Type.Object({
    ...version,
    runId: RunId,
    artifact: ObjectKey,
    signature: ModelSignature,
    params: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()])),
    metrics: Type.Record(Type.String(), Type.Number()),
    lineage: TrainingLineage,
  }),
);
/** Admission passed: the file loads within limits, its signature holds, the gates are met. */
export const ModelVersionApproved = defineEvent(
  'model-version.approved',
  Type.Object({
    ...version,
    artifact: ObjectKey,
    signature: ModelSignature,
    checks: Type.Array(
      Type.Object({
        name: Type.String(),
        passed: Type.Boolean(),
        detail: Type.String(),
      }),
    ),
  }),
);
export const ModelVersionRefused = defineEvent(
  'model-version.refused',
  Type.Object({
    ...version,
    checks: Type.Array(
      Type.Object({
        name: Type.String(),
        passed: Type.Boolean(),
        detail: Type.String(),
      }),
    ),
  }),
);
const aliasMoved = {
  ...version,
  alias: Name,
  /** What the alias named before; null when it was unset. */
  previous: Type.Union([ModelVersion, Type.Null()]),
  /** The artifact and signature travel along, so that a reader needs no second request. */
  artifact: ObjectKey,
  signature: ModelSignature,
  /** Counts the alias's moves; a command that expects an older one is refused. */
  aliasRevision: Type.Integer({ minimum: 1 }),
  ...act,
};
export const ModelVersionPromoted = defineEvent('model-version.promoted', Type.Object(aliasMoved));
export const ModelVersionRolledBack = defineEvent(
  'model-version.rolled-back',
  Type.Object({ ...aliasMoved, guardrail: Type.Optional(Type.String()) }),
);
export const ModelAliasRemoved = defineEvent(
  'model-alias.removed',
  Type.Object({
    model: ModelName,
    alias: Name,
    aliasRevision: Type.Integer(),
    ...act,
  }),
);

/** Versions and aliases. Key: model, so one model's history stays in order. Folded from the start by serving. */
export const modelVersions = defineTopic('model-versions.v1', {
  events: [
    ModelVersionRegistered,
    ModelVersionApproved,
    ModelVersionRefused,
    ModelVersionPromoted,
    ModelVersionRolledBack,
    ModelAliasRemoved,
  ],
  key: (event) => event.data.model,
  owner: 'registry',
  retentionDays: 'forever',
  public: true,
  description: 'Every version registered, approved or refused, and every move of an alias with who and why.',
});

export const PromoteModelVersion = defineCommand('model-version.promote', {
  owner: 'registry',
  schema: Type.Object({
    commandId: Type.String(),
    ...version,
    alias: Name,
    /** Refused when the alias names something else by now; null: must be unset; absent: whatever it names. */
    expected: Type.Optional(Type.Union([ModelVersion, Type.Null()])),
    ...act,
  }),
  id: (data) => data.commandId,
  description: 'Move an alias to a version.',
});
export const RollBackModelVersion = defineCommand('model-version.roll-back', {
  owner: 'registry',
  schema: Type.Object({
    commandId: Type.String(),
    model: ModelName,
    alias: Name,
    /** The version that misbehaves: nothing happens when the alias no longer names it. */
    from: ModelVersion,
    guardrail: Type.Optional(Type.String()),
    ...act,
  }),
  id: (data) => data.commandId,
  description: 'Set an alias back to what it named before.',
});
