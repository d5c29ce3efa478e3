/** What the features service says of an ordered snapshot. */
import { done, skip, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import { notifyChange } from '../changes.ts';
import { failRun } from './end-run.ts';
import { queueTrials } from './queue-trials.ts';
import { lockWaitingRuns, type Snapshot } from './run-store.ts';
import { setSnapshotBuilt, setSnapshotFailed } from './snapshot-store.ts';

export async function takeSnapshot(snapshot: Snapshot, tx: Tx): Promise<Outcome> {
  if (!(await setSnapshotBuilt(tx, snapshot))) return skip(`No run waits for ${snapshot.snapshotId}.`);
  for (const run of await lockWaitingRuns(tx, snapshot.snapshotId)) await queueTrials(tx, run);
  await notifyChange(tx);
  return done();
}

/** The runs that wait for it fail with its reason; the next run orders it anew. */
export async function takeFailedSnapshot({ snapshotId, reason }: { snapshotId: string; reason: string }, tx: Tx): Promise<Outcome> {
  if (!(await setSnapshotFailed(tx, snapshotId, reason))) return skip(`No run waits for ${snapshotId}.`);
  for (const run of await lockWaitingRuns(tx, snapshotId)) await failRun(tx, run, `Its snapshot could not be built: ${reason}`);
  await notifyChange(tx);
  return done();
}
