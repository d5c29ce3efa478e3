import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataOf } from '@roofshot/contracts/define';
import type { TrainingSnapshotBuilt } from '@roofshot/contracts/features';
import { DefinitionFaults, type Definitions } from '@roofshot/feature-defs/definitions';
import type { EventBus } from '@roofshot/messaging/events';
import type { IsErased } from '@roofshot/storage/erased-subjects';
import type { ObjectStore } from '@roofshot/storage/object-store';
import { gatherEvents, type Gathered } from './gather-events.ts';
import { joinObservations } from './join-observations.ts';
import { SnapshotFault } from './snapshot-fault.ts';
import { EVENT_TIME, OBSERVATION_ID, planSnapshot, type SnapshotPlan, type SnapshotRequest } from './snapshot-plan.ts';
import { refuseEmpty, writeParquet } from './write-parquet.ts';

export interface SnapshotSetup {
  readonly events: EventBus;
  readonly objects: ObjectStore;
  readonly definitions: Definitions;
  readonly isImporter: (eventType: string) => boolean | undefined;
  /** As `prepareScratch` answers it. */
  readonly scratch: string;
  readonly maxEvents: number;
  readonly isErased: IsErased;
}

/** Where snapshots are written before they are stored. What a killed process has left there is removed. */
export async function prepareScratch(folder: string): Promise<string> {
  const scratch = join(folder, 'snapshots');
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  return scratch;
}

/**
 * Builds one training snapshot from the log: an observation a row, features as they were known then, the label as it was known at
 * `asOf`. The same log gives the same bytes, hence the same object. Throws a SnapshotFault when the request cannot be met.
 */
export async function buildSnapshot(request: SnapshotRequest, setup: SnapshotSetup): Promise<DataOf<typeof TrainingSnapshotBuilt>> {
  const plan = planFor(request, setup.definitions);
  const gathered = await gatherEvents(setup.events, plan, setup);
  const { rows, labelNotKnown } = await joinObservations(plan, gathered);
  refuseEmpty(rows, { observations: gathered.observations.length, labelNotKnown }, plan);
  const path = join(setup.scratch, `${randomUUID()}.parquet`);
  try {
    await writeParquet(path, plan, rows);
    const { key, bytes } = await setup.objects.putFile(path);
    return describeSnapshot(request, plan, {
      gathered,
      object: key,
      bytes,
      rows: rows.length,
      labelNotKnown,
      imported: isImported(plan, setup),
    });
  } finally {
    await rm(path, { force: true });
  }
}

function planFor(request: SnapshotRequest, definitions: Definitions): SnapshotPlan {
  try {
    return planSnapshot(request, definitions);
  } catch (error) {
    if (error instanceof DefinitionFaults) throw new SnapshotFault(`${error.message}.`, { cause: error });
    throw error;
  }
}

function isImported({ observation, label, service }: SnapshotPlan, { isImporter }: SnapshotSetup): boolean {
  return [observation.eventType, label.eventType, ...service.roles.map(({ view }) => view.eventType)].some(
    (eventType) => isImporter(eventType) === true,
  );
}

interface Made {
  readonly gathered: Gathered;
  readonly object: string;
  readonly bytes: number;
  readonly rows: number;
  readonly labelNotKnown: number;
  readonly imported: boolean;
}

function describeSnapshot(request: SnapshotRequest, { service, label }: SnapshotPlan, made: Made): DataOf<typeof TrainingSnapshotBuilt> {
  const { gathered, ...counts } = made;
  return {
    snapshotId: request.snapshotId,
    ...counts,
    featureService: service.name,
    featureServiceGeneration: service.generation,
    features: service.columns.map(({ name, dtype }) => ({ name, dtype })),
    label: label.name,
    observationIdColumn: OBSERVATION_ID,
    eventTimeColumn: EVENT_TIME,
    from: request.from,
    to: request.to,
    asOf: request.asOf,
    positions: gathered.positions,
  };
}
