/** What the log cannot take for its size: found before it meets other events in a transaction, which would fail with it. */
import type { OutgoingRecord, Oversize } from '@roofshot/messaging/events';
import type { Refused } from './check-event.ts';
import { refusedRecord, type RequestTrace } from './event-record.ts';
import type { PreparedEvent } from './prepare-events.ts';

/** Of each text of an event that is too large to be kept whole. */
const KEPT_CHARACTERS = 4_096;

interface Said {
  /** Epoch milliseconds, of the receipt. */
  readonly now: number;
  readonly trace: RequestTrace;
  readonly original: string;
}

/** One that its stream does not take is refused; of a refused one that is too large itself, the beginning is kept. */
export function fitToLog(one: PreparedEvent, oversize: Oversize, said: Said): PreparedEvent {
  if ('refusal' in one) return { ...one, record: keptRecord(one, said) };
  const { envelope, type } = one.candidate;
  const detail = `It is too large: ${oversize.bytes} bytes, the log takes ${oversize.limit}. Send large content elsewhere and its address in the event.`;
  const refused: Refused = { refusal: { verdict: 'quarantined', reason: 'too-large', detail, path: '' }, named: { ...envelope } };
  return { ...refused, declared: type.name, original: said.original, record: keptRecord(refused, said) };
}

function keptRecord({ refusal, named }: Refused, said: Said): OutgoingRecord {
  const { id, source, type, subject } = named;
  const names = { id: cut(id), source: cut(source), type: cut(type), subject: subject === undefined ? undefined : cut(subject) };
  const detail = `${cut(refusal.detail)} Of the original, the first ${KEPT_CHARACTERS} characters are kept here.`;
  const path = refusal.path === undefined ? {} : { path: cut(refusal.path) };
  return refusedRecord({ refusal: { ...refusal, detail, ...path }, named: names }, cut(said.original), said);
}

/** A character that is cut in two becomes U+FFFD: half of one cannot be kept. */
const cut = (text: string): string => text.slice(0, KEPT_CHARACTERS).toWellFormed();
