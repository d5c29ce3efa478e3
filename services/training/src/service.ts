import { audit } from '@roofshot/contracts/audit';
import { BuildTrainingSnapshot } from '@roofshot/contracts/features';
import { TrainingJob } from '@roofshot/contracts/resources/training-job';
import { trainingRuns } from '@roofshot/contracts/training';
import { defineService } from '@roofshot/runtime/service';
import { CreateTraining1700000003000 } from '../migrations/1700000003000-create-training.ts';
import { TrainingConfig } from './config.ts';
import { handlers } from './handlers.ts';
import { TrainingModule } from './training.module.ts';

/** Trains jobs on snapshots in leased Python processes, searches parameters, survives crashes. */
export const training = defineService({
  name: 'training',
  port: 4103,
  config: TrainingConfig,
  needs: ['events', 'commands', 'sql', 'objects'],
  publishes: [trainingRuns, audit],
  sends: [BuildTrainingSnapshot],
  kinds: [TrainingJob],
  paths: ['/v1/training-runs'],
  migrations: [CreateTraining1700000003000],
  module: TrainingModule.with,
  handlers,
});
