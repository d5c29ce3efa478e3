import { modelVersions, PromoteModelVersion, RollBackModelVersion } from '@roofshot/contracts/models';
import { trainingRuns } from '@roofshot/contracts/training';
import { done, follow, handle, on, skip } from '@roofshot/messaging/handlers';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { Admission } from './admission.ts';
import { Changes } from './changes.ts';
import { promote, rollBack } from './move-alias.ts';
import { registerVersion } from './register-version.ts';

export const handlers: ServiceDefinition['handlers'] = (get) => {
  const changed = (): void => get(Changes).signal.changed();
  return [
    on(trainingRuns, {
      'training-run.finished': (event, tx) => registerVersion(event.data, tx),
      'training-run.started': 'ignore',
      'trial.reported': 'ignore',
      'training-run.failed': 'ignore',
      'training-run.cancelled': 'ignore',
    }),
    handle(PromoteModelVersion, async ({ data }, tx) => {
      await promote(tx, data);
      return done();
    }),
    handle(RollBackModelVersion, async ({ data }, tx) => {
      const moved = await rollBack(tx, data);
      return 'skipped' in moved ? skip(moved.skipped) : done();
    }),
    // Its own topic, in every process: after the commit, wherever the change was made.
    follow(modelVersions, {
      'model-version.registered': () => {
        get(Admission).wake();
        changed();
      },
      'model-version.approved': changed,
      'model-version.refused': changed,
      'model-version.promoted': changed,
      'model-version.rolled-back': changed,
      'model-alias.removed': changed,
    }),
  ];
};
