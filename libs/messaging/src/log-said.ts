import { SourceProgressed } from '@roofshot/contracts/events';
import { runWith } from '@roofshot/telemetry/context';
import { log } from '@roofshot/telemetry/logger';
import type { OutgoingCommand } from './commands/queue.ts';
import type { OutgoingRecord } from './events/bus.ts';
import type { Speaker } from './speaker.ts';

/**
 * A line for each message of a committed transaction, at debug: with those of its handlers they are the path of a request. Control records
 * are left out: they go to every partition, and are no step of any request.
 */
export function logSaid({ service }: Speaker, records: readonly OutgoingRecord[], commands: readonly OutgoingCommand[]): void {
  if (!log.isEnabled('debug')) return;
  for (const { queue, id, headers } of commands) {
    const { type = queue, correlationid, traceparent } = headers;
    said(service, { id, type, correlationid, traceparent }, () => log.debug('A command was sent.', { 'labels.queue': queue }));
  }
  for (const { topic, headers } of records) {
    const { ce_id: id, ce_type: type, ce_correlationid: correlationid, ce_traceparent: traceparent } = headers;
    if (type === SourceProgressed.type) continue;
    said(service, { id, type, correlationid, traceparent }, () => log.debug('An event was published.', { 'labels.topic': topic }));
  }
}

interface Envelope {
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly correlationid: string | undefined;
  readonly traceparent: string | undefined;
}

/** The message's own trace and correlation, which need not be those of the code that says it: an import says many requests' events. */
function said(service: string, { id, type, correlationid, traceparent }: Envelope, write: () => void): void {
  const fields = { 'event.id': id, 'event.action': type };
  runWith(
    {
      service,
      fields,
      ...(correlationid !== undefined && { correlationId: correlationid }),
      ...(traceparent !== undefined && { traceparent }),
    },
    write,
  );
}
