import { audit } from '@roofshot/contracts/audit';
import { modelVersions } from '@roofshot/contracts/models';
import { Model } from '@roofshot/contracts/resources/model';
import { defineService } from '@roofshot/runtime/service';
import { CountAdmissions1700000009000 } from '../migrations/1700000009000-count-admissions.ts';
import { CreateRegistry1700000004000 } from '../migrations/1700000004000-create-registry.ts';
import { RegistryConfig } from './config.ts';
import { handlers } from './handlers.ts';
import { RegistryModule } from './registry.module.ts';

/** Keeps versions, aliases and their whole history; lets only admitted versions answer. */
export const registry = defineService({
  name: 'registry',
  port: 4104,
  config: RegistryConfig,
  needs: ['events', 'commands', 'sql', 'objects'],
  readsOnly: ['objects'],
  publishes: [modelVersions, audit],
  sends: [],
  kinds: [Model],
  paths: ['/v1/models', '/v1/lineage'],
  migrations: [CreateRegistry1700000004000, CountAdmissions1700000009000],
  module: RegistryModule.with,
  handlers,
});
