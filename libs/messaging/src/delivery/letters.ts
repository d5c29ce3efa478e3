import type { NewDeadLetter } from '@roofshot/storage/dead-letters';
import type { FailureRecord } from '@roofshot/storage/failure-record';
import type { MessageToPark } from '@roofshot/storage/parking';
import type { LogRecord } from '../events/bus.ts';
import { failureOf } from './failures.ts';
import type { Verdict } from './run-handler.ts';
import type { Item } from './sort-records.ts';

/** A record as it waits behind its parked key: whole, so that it can be handled later. */
export function messageOf(record: LogRecord): MessageToPark {
  return { key: record.key, partition: record.partition, offset: record.offset, message: JSON.stringify(record) };
}

/** A record as a dead letter, with what its headers tell of the event. */
export function letterOf(record: LogRecord, failure: FailureRecord): NewDeadLetter {
  const { ce_id: eventId, ce_type: eventType, ce_correlationid: correlationId, ce_traceparent: traceparent } = record.headers;
  return {
    ...messageOf(record),
    ...(eventId !== undefined && { eventId }),
    ...(eventType !== undefined && { eventType }),
    ...(correlationId !== undefined && { correlationId }),
    ...(traceparent !== undefined && { traceparent }),
    ...failure,
  };
}

/** The letters of a batch, in its order: of what nobody can handle, and of what the handler refused. */
export function lettersOf(dead: readonly Item[], verdicts: readonly Verdict[], items: readonly Item[]): NewDeadLetter[] {
  const unusable = dead.flatMap((item) => (item.kind === 'dead' ? [letterOf(item.record, { reason: item.reason, code: item.code })] : []));
  const refused = verdicts.flatMap((verdict) => letterOfRefused(verdict, items));
  return [...unusable, ...refused].sort((a, b) => a.offset - b.offset);
}

function letterOfRefused(verdict: Verdict, items: readonly Item[]): NewDeadLetter[] {
  const item = verdict.outcome === 'rejected' ? items.find(({ record }) => record.offset === verdict.event.position.offset) : undefined;
  return item === undefined ? [] : [letterOf(item.record, refusalOf(verdict))];
}

/** Of a verdict `rejected`. */
export function refusalOf({ reason, error }: Verdict): FailureRecord {
  return error === undefined ? { reason, code: 'rejected' } : failureOf(error);
}
