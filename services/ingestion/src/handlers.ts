import { eventTypes } from '@roofshot/contracts/events';
import { follow } from '@roofshot/messaging/handlers';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { EventTypes } from './event-types.ts';

/** What ingestion hears: declarations that other processes of it have taken. */
export const handlers: ServiceDefinition['handlers'] = (get) => [
  follow(eventTypes, {
    'event-type.changed': () =>
      get(EventTypes)
        .reload()
        .then(() => undefined),
  }),
];
