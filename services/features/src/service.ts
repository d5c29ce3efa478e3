import { audit } from '@roofshot/contracts/audit';
import { erasures } from '@roofshot/contracts/erasures';
import {
  BuildTrainingSnapshot,
  featureBackfills,
  featureDefinitions,
  lateFeatureEvents,
  trainingSnapshots,
} from '@roofshot/contracts/features';
import { Entity, FeatureService, FeatureView } from '@roofshot/contracts/resources/feature-kinds';
import { defineService } from '@roofshot/runtime/service';
import { erasedSubjectsMigrations } from '@roofshot/storage/erased-subjects';
import { CreateFeatureState1763700000000 } from '../migrations/1763700000000-state.ts';
import { AddOnlineMark1763700001000 } from '../migrations/1763700001000-online-mark.ts';
import { CreateErasing1763700002000 } from '../migrations/1763700002000-erasing.ts';
import { PutAside1763700003000 } from '../migrations/1763700003000-put-aside.ts';
import { CreateBackfills1763700004000 } from '../migrations/1763700004000-backfills.ts';
import { FeaturesConfig } from './config.ts';
import { FeaturesModule } from './features.module.ts';
import { handlers } from './handlers.ts';

/** Turns events into feature values, exactly once and in event time; keeps what was known when. */
export const features = defineService({
  name: 'features',
  port: 4102,
  config: FeaturesConfig,
  needs: ['events', 'commands', 'sql', 'online', 'objects'],
  publishes: [featureDefinitions, lateFeatureEvents, featureBackfills, trainingSnapshots, erasures, audit],
  sends: [BuildTrainingSnapshot],
  kinds: [Entity, FeatureView, FeatureService],
  paths: ['/v1/features', '/v1/feature-backfills', '/v1/training-snapshots', '/get-online-features', '/health'],
  migrations: [
    ...erasedSubjectsMigrations,
    CreateFeatureState1763700000000,
    AddOnlineMark1763700001000,
    CreateErasing1763700002000,
    PutAside1763700003000,
    CreateBackfills1763700004000,
  ],
  module: FeaturesModule.with,
  handlers,
});
