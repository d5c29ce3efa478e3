import { eventsInbox, eventTypes } from '@roofshot/contracts/events';
import { follow, onRecords } from '@roofshot/messaging/handlers';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { EventTypes } from './event-types.ts';
import { Inbox } from './inbox/inbox.ts';

/** What ingestion hears: events that other teams write to the log, and declarations that other processes of it have taken. */
export const handlers: ServiceDefinition['handlers'] = (get) => [
  follow(eventTypes, {
    'event-type.changed': () =>
      get(EventTypes)
        .reload()
        .then(() => undefined),
  }),
  onRecords(eventsInbox, (batch) => get(Inbox).take(batch)),
];
