import { erasures } from '@roofshot/contracts/erasures';
import { acceptedEvents, eventProgress, eventTypes, refusedEvents } from '@roofshot/contracts/events';
import { audit } from '@roofshot/contracts/audit';
import { EventType } from '@roofshot/contracts/resources/event-type';
import { defineService } from '@roofshot/runtime/service';
import { CreateHashSecret1700000000101 } from '@roofshot/storage/secret-hash';
import { CreateIngestion1700000001000 } from '../migrations/1700000001000-create-ingestion.ts';
import { CreateStreams1700000002000 } from '../migrations/1700000002000-create-streams.ts';
import { CreateWriteKeys1700000003000 } from '../migrations/1700000003000-create-write-keys.ts';
import { CreateQuarantine1700000005000 } from '../migrations/1700000005000-create-quarantine.ts';
import { CreateSchemaRegistry1700000010000 } from '../migrations/1700000010000-create-schema-registry.ts';
import { CreateErasures1700000008000 } from '../migrations/1700000008000-create-erasures.ts';
import { IngestionConfig } from './config.ts';
import { ERASURE_COMMANDS } from './erasures/erasures.ts';
import { handlers } from './handlers.ts';
import { IngestionModule } from './ingestion.module.ts';

/** Takes events, gives each a verdict, publishes the accepted. */
export const ingestion = defineService({
  name: 'ingestion',
  port: 4101,
  config: IngestionConfig,
  needs: ['events', 'commands', 'sql'],
  publishes: [acceptedEvents, refusedEvents, eventTypes, eventProgress, erasures, audit],
  sends: ERASURE_COMMANDS,
  kinds: [EventType],
  paths: [
    '/v1/events',
    '/v1/write-keys',
    '/v1/erasures',
    '/v1/quarantine',
    '/v1/track',
    '/v1/identify',
    '/v1/page',
    '/v1/screen',
    '/v1/group',
    '/v1/alias',
    '/v1/batch',
    '/push',
    '/subjects',
    '/schemas',
    '/compatibility',
    '/config',
    '/mode',
  ],
  migrations: [
    CreateIngestion1700000001000,
    CreateStreams1700000002000,
    CreateWriteKeys1700000003000,
    CreateQuarantine1700000005000,
    CreateHashSecret1700000000101,
    CreateErasures1700000008000,
    CreateSchemaRegistry1700000010000,
  ],
  module: IngestionModule.with,
  handlers,
});
