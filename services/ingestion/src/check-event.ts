/** One event against its declared type: schema and clocks. Pure: the catalogue and the time are arguments. */
import { topicOf } from '@roofshot/contracts/events';
import type { Catalogue, DeclaredType } from './catalogue.ts';
import { checkEnvelope, describe, NO_TEXT, parseTime, type Envelope } from './check-envelope.ts';
import type { Refusal } from './verdicts.ts';
import type { WriteKey } from './write-keys/write-key.ts';

/** An event that is accepted unless it has been before. */
export interface Candidate {
  readonly envelope: Envelope;
  readonly type: DeclaredType;
  readonly topic: string;
  /** Ordering key: the subject, or the id where there is none. */
  readonly key: string;
  /** Epoch milliseconds; undefined: the known time. */
  readonly eventTime: number | undefined;
  /** As an importer declares it; undefined: the stream's clock stamps it when the event is published. */
  readonly knownTime: number | undefined;
}

export interface Refused {
  readonly refusal: Refusal;
  /** What could be read of the envelope; texts may be empty. */
  readonly named: { readonly id: string; readonly source: string; readonly type: string; readonly subject: string | undefined };
}

export type Checked = { readonly candidate: Candidate } | Refused;

/** Event times further ahead of the known time than this are a broken clock or unit, not an event. */
const MAX_AHEAD_MS = 24 * 3600 * 1000;

/** `now`: epoch milliseconds of the platform's clock, at which the event was received; `key`: whose it is. */
export function checkEvent(value: unknown, catalogue: Catalogue, now: number, key?: WriteKey): Checked {
  const result = checkEnvelope(value);
  if ('refusal' in result) return { refusal: result.refusal, named: namesOf(value) };
  const { envelope } = result;
  const type = catalogue.find(envelope.type);
  const refuse = (refusal: Refusal): Refused => ({ refusal, named: { ...envelope } });
  if (key?.eventTypes?.has(envelope.type) === false)
    return refuse(notAllowed(key, `may send ${list(key.eventTypes)}, and not ${envelope.type}`));
  if (type === undefined) return refuse(unknownType(envelope.type, catalogue));
  if (type.knownTimeAttribute !== undefined && key?.mayImport === false)
    return refuse(
      notAllowed(key, `has no right to import, and the events of ${type.name} are an import: they say themselves when they became known`),
    );
  const fault = type.schemaFault(envelope.data);
  if (fault !== undefined) return refuse({ verdict: 'quarantined', reason: 'schema', detail: fault.message, path: `/data${fault.path}` });
  return checkClocks(envelope, type, now);
}

function checkClocks(envelope: Envelope, type: DeclaredType, now: number): Checked {
  const refuse = (refusal: Refusal): Refused => ({ refusal, named: { ...envelope } });
  const knownTime = knownTimeOf(envelope, type, now);
  if (typeof knownTime === 'object') return refuse(knownTime);
  const known = knownTime ?? now;
  const eventTime = envelope.eventTime ?? known;
  if (eventTime - known > MAX_AHEAD_MS) {
    const detail = `time is ${Math.round((eventTime - known) / 3600_000)} hours after the time at which the event became known. Check the sender's clock and units.`;
    return refuse({ verdict: 'quarantined', reason: 'event-time', detail, path: '/time' });
  }
  const delayMs = known - eventTime;
  if (type.maxDelayMs !== undefined && delayMs > type.maxDelayMs) {
    const detail = `Known ${delayMs / 1000} s after it happened; ${type.name} allows ${type.maxDelayMs / 1000} s. It is kept on events-refused.v1.`;
    return refuse({ verdict: 'late', reason: 'too-late', detail, path: '/time', delaySeconds: delayMs / 1000 });
  }
  const { id, subject, eventTime: given } = envelope;
  return { candidate: { envelope, type, topic: topicOf(type.name), key: subject ?? id, eventTime: given ?? knownTime, knownTime } };
}

/** Undefined: stamped by the platform. A type that declares that its events carry it makes them an import. */
function knownTimeOf(envelope: Envelope, type: DeclaredType, now: number): number | undefined | Refusal {
  if (type.knownTimeAttribute === undefined) return undefined;
  const value = envelope.attributes[type.knownTimeAttribute];
  if (value === undefined) return now;
  const path = `/${type.knownTimeAttribute}`;
  const known = typeof value === 'string' ? parseTime(value) : undefined;
  if (known === undefined) {
    const detail = `${type.knownTimeAttribute} is the known time of ${type.name} and must be RFC 3339 with an offset; got ${describe(value)}.`;
    return { verdict: 'quarantined', reason: 'known-time', detail, path };
  }
  if (known > now) {
    const detail = `${type.knownTimeAttribute} ${String(value)} lies in the future: nothing can be known before it is. Correct the importer's clock.`;
    return { verdict: 'quarantined', reason: 'known-time', detail, path };
  }
  return known;
}

function notAllowed({ name }: WriteKey, what: string): Refusal {
  const detail = `The write key ${name} ${what}. Send it with another key, or have the right added by a new one.`;
  return { verdict: 'quarantined', reason: 'not-allowed', detail, path: '/type' };
}

const list = (names: ReadonlySet<string>): string => (names.size === 0 ? 'no events' : [...names].sort().join(', '));

function unknownType(name: string, catalogue: Catalogue): Refusal {
  const detail = `No EventType ${name} is declared. ${catalogue.suggest(name)} Declare it (roofshot apply) and send the event again.`;
  return { verdict: 'quarantined', reason: 'unknown-type', detail, path: '/type' };
}

/** What a broken event still says of itself, in characters that can be kept. */
export function namesOf(value: unknown): Refused['named'] {
  const raw = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const text = (name: string): string => (typeof raw[name] === 'string' ? raw[name].replaceAll(NO_TEXT, '\uFFFD') : '');
  return { id: text('id'), source: text('source'), type: text('type'), subject: text('subject') || undefined };
}
