/** How an accepted event lies on its stream: as it was sent, plus the platform's own attributes. */
import { SOURCE_PROGRESSED, type CloudEvent } from '@roofshot/contracts/envelope';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import type { OutgoingRecord } from '@roofshot/messaging/events';
import type { Candidate } from './check-event.ts';

/** The request's trace and correlation, for events that bring none of their own. */
export interface RequestTrace {
  readonly traceparent: string;
  readonly correlationid: string;
}

export function recordOf({ envelope, topic, key, eventTime, knownTime }: Candidate, trace: RequestTrace): OutgoingRecord {
  const event = {
    ...trace,
    ...envelope.attributes,
    // One spelling of times on the log (UTC, milliseconds), whatever the sender's was.
    time: new Date(eventTime).toISOString(),
    knowntime: new Date(knownTime).toISOString(),
    data: envelope.data,
  };
  return encodeEvent({ topic, key }, event as unknown as CloudEvent);
}

/** What an importer says: every event with an earlier event time has been sent. */
export interface SaidProgress {
  /** RFC 3339. */
  readonly eventTime: string;
  readonly source: string;
}

/** The control record for one partition. Its id derives from what it says: saying it twice is harmless. */
export function progressRecord(topic: string, partition: number, said: SaidProgress, now: number): OutgoingRecord {
  const time = new Date(now).toISOString();
  return encodeEvent(
    { topic, key: '', partition },
    {
      specversion: '1.0',
      id: `${said.source}@${said.eventTime}/${partition}`,
      source: '/roofshot/ingestion',
      type: SOURCE_PROGRESSED,
      time: said.eventTime,
      knowntime: time,
      data: said,
    },
  );
}
