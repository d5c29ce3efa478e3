/**
 * Everything about a request's events that needs no database: read, checked and written as records. What is wrong with one of them is
 * found here, before it meets the events of other requests in a transaction.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { OutgoingRecord } from '@roofshot/messaging/events';
import type { Catalogue } from './catalogue.ts';
import { checkEvent, namesOf, type Candidate, type Checked, type Refused } from './check-event.ts';
import { recordOf, refusedRecord, type RequestTrace } from './event-record.ts';
import { fingerprint } from './seen-store.ts';
import type { Refusal } from './verdicts.ts';
import { writeJson } from './write-json.ts';
import type { WriteKey } from './write-keys/write-key.ts';

/** One event as it came in: what it says, or why it could not be read. */
export type Incoming = (
  | { readonly value: unknown }
  /** `named`: what could be read of it all the same; `isPart`: the original is not all that came, or only a likeness of it. */
  | { readonly unreadable: Refusal; readonly original: string; readonly named?: unknown; readonly isPart?: true }
) & {
  /** Its own, where it shares a submission with others but no request. */
  readonly trace?: RequestTrace;
};

export interface PreparedCandidate {
  readonly candidate: Candidate;
  readonly fingerprint: Buffer;
  readonly record: OutgoingRecord;
}
export interface PreparedRefusal extends Refused {
  readonly record: OutgoingRecord;
  /** As it came in, as far as text can tell it. */
  readonly original: string;
  readonly isPart?: true;
  /** The event type that it names, where that is declared. */
  readonly declared?: string;
}
export type PreparedEvent = PreparedCandidate | PreparedRefusal;

export interface Preparation {
  readonly catalogue: Catalogue;
  /** Epoch milliseconds, of the receipt. */
  readonly now: number;
  readonly trace: RequestTrace;
  /** Undefined: the request has none, and may do anything. */
  readonly key: WriteKey | undefined;
}

/** Events between two looks at what else there is to do: about ten milliseconds. */
const STRETCH = 200;

export async function prepareEvents(events: readonly Incoming[], preparation: Preparation): Promise<PreparedEvent[]> {
  const prepared: PreparedEvent[] = [];
  for (const event of events) {
    if (prepared.length % STRETCH === STRETCH - 1) await breathe();
    prepared.push(prepare(event, preparation));
  }
  return prepared;
}

export const isUndeclared = (one: PreparedEvent): boolean => 'refusal' in one && one.refusal.reason === 'unknown-type';

function prepare(event: Incoming, { catalogue, now, key, ...shared }: Preparation): PreparedEvent {
  const trace = event.trace ?? shared.trace;
  const checked = check(event, { catalogue, now, key });
  if ('refusal' in checked) {
    const origin = originOf(event);
    const declared = catalogue.find(checked.named.type)?.name;
    return {
      ...checked,
      ...origin,
      ...(declared !== undefined && { declared }),
      record: refusedRecord(checked, origin.original, { now, trace }),
    };
  }
  const { envelope } = checked.candidate;
  return { ...checked, fingerprint: fingerprint(envelope.source, envelope.id), record: recordOf(checked.candidate, trace) };
}

function check(event: Incoming, { catalogue, now, key }: Pick<Preparation, 'catalogue' | 'now' | 'key'>): Checked {
  if (!('value' in event)) return { refusal: event.unreadable, named: namesOf(event.named) };
  return checkEvent(event.value, catalogue, now, key);
}

function originOf(event: Incoming): Pick<PreparedRefusal, 'original' | 'isPart'> {
  return { original: originalOf(event), ...('isPart' in event && { isPart: true }) };
}

/** As it came in, as far as text can tell it. */
export const originalOf = (event: Incoming): string => ('value' in event ? writeJson(event.value) : event.original);
