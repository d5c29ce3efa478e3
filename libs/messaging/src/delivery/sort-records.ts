import type { TopicDefinition, TopicFamily } from '@roofshot/contracts/define';
import { EVENT_ERASED, SOURCE_PROGRESSED, type CloudEvent } from '@roofshot/contracts/envelope';
import { SourceProgressed } from '@roofshot/contracts/events';
import { validatorOf } from '@roofshot/contracts/validate';
import { decodeEvent, isUndecodable } from '../cloud-event-codec.ts';
import type { LogRecord } from '../events/bus.ts';
import type { Received, SharedHandler } from '../handlers.ts';
import type { FailureCode } from './failures.ts';

/** A record and what it is: an event for the handler, a control record, what is left of an erased one, or something that nobody can handle. */
export type Sorted =
  | { readonly kind: 'event'; readonly record: LogRecord; readonly event: Received<CloudEvent> }
  | { readonly kind: 'control'; readonly record: LogRecord; readonly progress: string }
  | { readonly kind: 'erased'; readonly record: LogRecord }
  | { readonly kind: 'dead'; readonly record: LogRecord; readonly reason: string; readonly code: FailureCode };

/** What a task handles: sorted records, or those of a handler that takes them as they are. */
export type Item = Sorted | { readonly kind: 'raw'; readonly record: LogRecord };

export function itemFor(handler: SharedHandler, record: LogRecord): Item {
  return handler.kind === 'records' ? { kind: 'raw', record } : sortRecord(record, handler.topic);
}

/**
 * Decodes a record and holds it against its topic's contract. Events of a topic family are the users' own: their schemas were checked
 * by the owner when it accepted them.
 */
export function sortRecord(record: LogRecord, topic: TopicDefinition | TopicFamily): Sorted {
  const decoded = decodeEvent(record);
  if (isUndecodable(decoded)) return { kind: 'dead', record, reason: decoded.reason, code: 'unreadable' };
  if (decoded.type === SOURCE_PROGRESSED) return sortControl(record, decoded);
  if (decoded.type === EVENT_ERASED) return { kind: 'erased', record };
  if (topic.kind === 'topic-family') return { kind: 'event', record, event: decoded };
  const definition = topic.events.find(({ type }) => type === decoded.type);
  if (definition === undefined) {
    const reason = `The topic ${topic.name} has no event type ${decoded.type} in this version of the contract. Upgrade this service, then redrive.`;
    return { kind: 'dead', record, reason, code: 'unknown-type' };
  }
  const validator = validatorOf(definition.schema);
  if (validator.check(decoded.data)) return { kind: 'event', record, event: decoded };
  return {
    kind: 'dead',
    record,
    reason: `The event ${decoded.type} breaks its contract: ${describeFaults(validator.faults(decoded.data))}.`,
    code: 'contract',
  };
}

function sortControl(record: LogRecord, event: Received<CloudEvent>): Sorted {
  const validator = validatorOf(SourceProgressed.schema);
  if (validator.check(event.data)) return { kind: 'control', record, progress: event.data.eventTime };
  const reason = `The control record breaks its contract: ${describeFaults(validator.faults(event.data))}.`;
  return { kind: 'dead', record, reason, code: 'contract' };
}

/** The latest event time that control records among these say, as they say it. */
export function greatestProgress(items: readonly Item[]): string | undefined {
  let greatest: string | undefined;
  for (const item of items) {
    if (item.kind !== 'control') continue;
    if (greatest === undefined || Date.parse(item.progress) > Date.parse(greatest)) greatest = item.progress;
  }
  return greatest;
}

/** Faults as one sentence part: `/data/value must be number; …`. */
export function describeFaults(faults: readonly { readonly path: string; readonly message: string }[]): string {
  return faults.map(({ path, message }) => `${path === '' ? '/' : path} ${message}`).join('; ');
}
