import { audit } from '@roofshot/contracts/audit';
import { deployments } from '@roofshot/contracts/deployments';
import { erasures } from '@roofshot/contracts/erasures';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { Deployment } from '@roofshot/contracts/resources/deployment';
import { defineService } from '@roofshot/runtime/service';
import { CreateServing1700000006000 } from '../migrations/1700000006000-create-serving.ts';
import { ServingConfig } from './config.ts';
import { handlers } from './handlers.ts';
import { ServingModule } from './serving.module.ts';

/** Answers predictions in-process, applies the assignment, asks the shadows, logs what it knew and why it chose. */
export const serving = defineService({
  name: 'serving',
  port: 4105,
  config: ServingConfig,
  needs: ['events', 'commands', 'sql', 'online', 'objects'],
  readsOnly: ['online', 'objects'],
  publishes: [predictions, exposures, deployments, erasures, audit],
  sends: [],
  kinds: [Deployment],
  paths: ['/v1/predict', '/v1/predictions', '/v2'],
  migrations: [CreateServing1700000006000],
  module: ServingModule.with,
  handlers,
});
