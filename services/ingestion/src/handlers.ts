import { EraseIngestionSubject, erasures } from '@roofshot/contracts/erasures';
import { eventsInbox, eventTypes } from '@roofshot/contracts/events';
import { follow, handle, on, onRecords } from '@roofshot/messaging/handlers';
import { PayloadMasks } from '@roofshot/runtime/payload-masks';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { EraseOwn } from './erasures/erase-own.ts';
import { Erasures } from './erasures/erasures.ts';
import { EventTypes } from './event-types.ts';
import { Inbox } from './inbox/inbox.ts';

/** What ingestion hears: events that other teams write to the log, declarations that other processes of it have taken, and how erasures go on. */
export const handlers: ServiceDefinition['handlers'] = (get) => [
  follow(eventTypes, {
    'event-type.changed': async ({ data }) => {
      await get(EventTypes).reload();
      get(PayloadMasks).declare(data);
    },
  }),
  onRecords(eventsInbox, (batch) => get(Inbox).take(batch)),
  handle(EraseIngestionSubject, (command, tx) => get(EraseOwn).run(command, tx), { concurrency: 1 }),
  on(erasures, {
    'subject.erased': (event, tx) => get(Erasures).settle(event, tx),
    'erasure.finished': 'ignore',
  }),
];
