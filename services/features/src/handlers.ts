import { EraseFeaturesSubject } from '@roofshot/contracts/erasures';
import { acceptedEvents, eventProgress, eventTypes } from '@roofshot/contracts/events';
import { BuildTrainingSnapshot, ControlBackfill, featureDefinitions } from '@roofshot/contracts/features';
import { follow, handle, onBatch } from '@roofshot/messaging/handlers';
import { PayloadMasks } from '@roofshot/runtime/payload-masks';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { ActiveViews } from './active-views.ts';
import { Backfills } from './backfills/backfills.ts';
import { EraseSubject } from './erasures/erase-subject.ts';
import { QuietStreams } from './quiet-streams.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { UpdateFeatures } from './update-features.ts';

/** What features hears, and what it does about it. */
export const handlers: ServiceDefinition['handlers'] = (get) => [
  onBatch(acceptedEvents, (batch, tx) => get(UpdateFeatures).fold(batch, tx), {
    afterCommit: (batch) => get(UpdateFeatures).settle(batch),
    caughtUp: (partition) => get(UpdateFeatures).advanceIdle(partition),
  }),
  follow(eventTypes, {
    'event-type.changed': ({ data }) => {
      get(ActiveViews).declareEventType(data);
      get(PayloadMasks).declare(data);
    },
  }),
  follow(eventProgress, { 'stream.advanced': ({ data }) => get(QuietStreams).advance(data) }),
  follow(featureDefinitions, {
    'entity.changed': ({ data }) => get(ActiveViews).declareEntity(data),
    'feature-view.changed': ({ data }) => get(ActiveViews).declareView(data),
    'feature-service.changed': ({ data }) => get(ActiveViews).declareService(data),
  }),
  handle(EraseFeaturesSubject, (command, tx) => get(EraseSubject).accept(command, tx), { concurrency: 1 }),
  handle(ControlBackfill, (command) => get(Backfills).accept(command)),
  handle(BuildTrainingSnapshot, (command, tx) => get(Snapshots).accept(command, tx)),
];
