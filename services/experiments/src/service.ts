import { audit } from '@roofshot/contracts/audit';
import { erasures } from '@roofshot/contracts/erasures';
import { assignments, experiments as experimentEvents } from '@roofshot/contracts/experiments';
import { PromoteModelVersion, RollBackModelVersion } from '@roofshot/contracts/models';
import { Experiment, Metric } from '@roofshot/contracts/resources/experiment-kinds';
import { defineService } from '@roofshot/runtime/service';
import { erasedSubjectsMigrations } from '@roofshot/storage/erased-subjects';
import { CreateExperiments1700000006000 } from '../migrations/1700000006000-create-experiments.ts';
import { ExperimentsConfig } from './config.ts';
import { ExperimentsModule } from './experiments.module.ts';
import { handlers } from './handlers.ts';

/** Owns allocation, joins exposures with outcomes, decides by a design fixed beforehand, and watches what was promoted. */
export const experiments = defineService({
  name: 'experiments',
  port: 4106,
  config: ExperimentsConfig,
  needs: ['events', 'commands', 'sql'],
  publishes: [assignments, experimentEvents, erasures, audit],
  sends: [PromoteModelVersion, RollBackModelVersion],
  kinds: [Metric, Experiment],
  paths: ['/v1/statistics'],
  migrations: [...erasedSubjectsMigrations, CreateExperiments1700000006000],
  module: ExperimentsModule.with,
  handlers,
});
