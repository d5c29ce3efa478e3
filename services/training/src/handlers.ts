import { featureDefinitions, trainingSnapshots } from '@roofshot/contracts/features';
import { CancelTrainingRun, StartTrainingRun, trainingRuns } from '@roofshot/contracts/training';
import { done, follow, handle, on, skip } from '@roofshot/messaging/handlers';
import { isDomainError } from '@roofshot/runtime/errors';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { FeatureDefinitions } from './definitions.ts';
import { cancelRun } from './runs/cancel-run.ts';
import { takeFailedSnapshot, takeSnapshot } from './runs/take-snapshot.ts';
import { TrainingRuns } from './training-runs.ts';

/** What training hears: orders of runs, their snapshots, and the feature definitions that decide when a snapshot can be shared. */
export const handlers: ServiceDefinition['handlers'] = (get) => [
  handle(StartTrainingRun, async ({ data }, tx) => {
    try {
      await get(TrainingRuns).startIn(tx, data);
      return done();
    } catch (error) {
      // Who sent the command waits for an event of the run, and nobody reads the dead letters for them.
      if (!isDomainError(error) || error.code === 'other-run') throw error;
      const { runId, job } = data;
      tx.publish(trainingRuns, [{ type: 'training-run.failed', subject: runId, data: { runId, job, reason: error.message } }]);
      return skip(error.message);
    }
  }),
  handle(CancelTrainingRun, async ({ data }, tx) => {
    await cancelRun(tx, data);
    return done();
  }),
  on(trainingSnapshots, {
    'training-snapshot.built': (event, tx) => takeSnapshot(event.data, tx),
    'training-snapshot.failed': (event, tx) => takeFailedSnapshot(event.data, tx),
  }),
  follow(featureDefinitions, {
    'entity.changed': ({ data }) => get(FeatureDefinitions).known.setEntity(data),
    'feature-view.changed': ({ data }) => get(FeatureDefinitions).known.setView(data),
    'feature-service.changed': ({ data }) => get(FeatureDefinitions).known.setService(data),
  }),
];
