/** How events lie on the log: accepted ones as they were sent plus the platform's own attributes, and what the platform says of them. */
import { randomUUID } from 'node:crypto';
import type { DataOf } from '@roofshot/contracts/define';
import { SOURCE_PROGRESSED, type CloudEvent } from '@roofshot/contracts/envelope';
import { eventProgress, refusedEvents, type EventLate, type EventQuarantined, type StreamAdvanced } from '@roofshot/contracts/events';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import type { OutgoingRecord, TopicPartition } from '@roofshot/messaging/events';
import type { Candidate, Refused } from './check-event.ts';

const OWN = { specversion: '1.0', source: '/roofshot/ingestion' } as const;

/** The request's trace and correlation, for events that bring none of their own. */
export interface RequestTrace {
  readonly traceparent: string;
  readonly correlationid: string;
}

/** One spelling of times on the log (UTC, milliseconds), whatever the sender's was. */
export const timeText = (time: number): string => new Date(time).toISOString();

/** What is still to be stamped is left out: see `stampRecord`. */
export function recordOf({ envelope, topic, key, eventTime, knownTime }: Candidate, trace: RequestTrace): OutgoingRecord {
  const event = {
    ...trace,
    ...envelope.attributes,
    time: eventTime === undefined ? undefined : timeText(eventTime),
    knowntime: knownTime === undefined ? undefined : timeText(knownTime),
    data: envelope.data,
  };
  return encodeEvent({ topic, key }, event as unknown as CloudEvent);
}

/** With the time at which it became known (as `timeText` has it), which is also its event time where the sender gave none. */
export function stampRecord(record: OutgoingRecord, time: string): OutgoingRecord {
  return { ...record, headers: { ce_time: time, ...record.headers, ce_knowntime: time } };
}

/** What was not accepted, with the reason and the original. `now`: epoch milliseconds. */
export function refusedRecord({ refusal, named }: Refused, original: string, said: { now: number; trace: RequestTrace }): OutgoingRecord {
  const { verdict, reason, detail, path, delaySeconds = 0 } = refusal;
  const { id: eventId, source: eventSource, type: eventType, subject = eventId === '' ? 'unreadable' : eventId } = named;
  const what = { eventType, eventId, eventSource, reason, detail, ...(path !== undefined && { path }), original };
  const data: DataOf<typeof EventQuarantined> | DataOf<typeof EventLate> = verdict === 'late' ? { ...what, delaySeconds } : what;
  const time = timeText(said.now);
  const event = { ...OWN, ...said.trace, id: randomUUID(), type: `event.${verdict}`, subject, time, knowntime: time, data };
  return encodeEvent({ topic: refusedEvents.name, key: subject }, event);
}

/** What an importer says: every event with an earlier event time has been sent. */
export interface SaidProgress {
  /** RFC 3339. */
  readonly eventTime: string;
  readonly source: string;
}

/** The control record for one partition. Its id derives from what it says: saying it twice is harmless. */
export function progressRecord({ topic, partition }: TopicPartition, said: SaidProgress, now: number): OutgoingRecord {
  const id = `${said.source}@${said.eventTime}/${partition}`;
  const event = { ...OWN, id, type: SOURCE_PROGRESSED, time: said.eventTime, knowntime: timeText(now), data: said };
  return encodeEvent({ topic, key: '', partition }, event);
}

/** A control record in every partition of a live stream: what was known until `until` (epoch milliseconds) lies before it. */
export function fenceRecords(partitions: readonly TopicPartition[], until: number): OutgoingRecord[] {
  return partitions.map((partition) => progressRecord(partition, { eventTime: timeText(until), source: OWN.source }, until));
}

/** A live stream in which nothing happens. Times are epoch milliseconds. */
export function advancedRecord(eventType: string, { after, until }: { readonly after: number; readonly until: number }): OutgoingRecord {
  const data: DataOf<typeof StreamAdvanced> = { eventType, after: timeText(after), until: timeText(until) };
  const time = data.until;
  const event = { ...OWN, id: `${eventType}@${time}`, type: 'stream.advanced', time, knowntime: time, data };
  return encodeEvent({ topic: eventProgress.name, key: eventType }, event);
}
