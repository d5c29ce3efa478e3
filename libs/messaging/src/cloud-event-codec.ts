import type { CloudEvent } from '@roofshot/contracts/envelope';
import type { Received } from './handlers.ts';
import type { LogRecord, OutgoingRecord } from './events/bus.ts';

/** Where an event is to lie on the log. */
export interface Address {
  readonly topic: string;
  readonly key: string;
  /** Instead of the key's partition: for control records that lie in every partition. */
  readonly partition?: number;
}

/** A record that is no CloudEvent: the reason names what is missing or broken. */
export interface Undecodable {
  readonly reason: string;
}

const PREFIX = 'ce_';
const REQUIRED = ['specversion', 'id', 'source', 'type', 'time', 'knowntime'] as const;
const JSON_TYPE = 'application/json';
/** Senders may think of any number of extensions. */
const MOST_NAMES = 1_000;

/** A new text as the name of a property costs more than all else that is done for a header, and there are few names. */
class Names {
  readonly #known = new Map<string, string>();
  readonly #make: (name: string) => string;

  constructor(make: (name: string) => string) {
    this.#make = make;
  }

  of(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = this.#make(name);
    if (this.#known.size < MOST_NAMES) this.#known.set(name, made);
    return made;
  }
}

const HEADERS = new Names((attribute) => PREFIX + attribute);
const ATTRIBUTES = new Names((header) => header.slice(PREFIX.length));

/**
 * Writes an event in CloudEvents binary mode (Kafka protocol binding 1.0.2): attributes and extensions as headers `ce_<name>`,
 * `datacontenttype` as `content-type`, data as JSON text. Extensions become text, as the binding asks.
 */
export function encodeEvent(address: Address, event: CloudEvent): OutgoingRecord {
  const headers: Record<string, string> = { 'content-type': event.datacontenttype ?? JSON_TYPE };
  for (const name in event) {
    const value = (event as unknown as Record<string, unknown>)[name];
    if (name === 'data' || name === 'datacontenttype' || value === undefined || value === null) continue;
    headers[HEADERS.of(name)] = typeof value === 'string' ? value : String(value);
  }
  const value: string | undefined = JSON.stringify(event.data);
  if (value === undefined) {
    throw new Error(
      `The event ${event.type} (id ${event.id}) has no data that JSON can hold. Give an object, or null where there is nothing to say.`,
    );
  }
  return { ...address, headers, value };
}

/** Reads an event back; attributes that this platform does not know come along as they are. */
export function decodeEvent(record: LogRecord): Received<CloudEvent> | Undecodable {
  if (record.unreadable !== undefined) return { reason: record.unreadable };
  const event: Record<string, unknown> = {};
  for (const header in record.headers) {
    if (header.startsWith(PREFIX)) event[ATTRIBUTES.of(header)] = record.headers[header];
  }
  const contentType = record.headers['content-type'];
  if (contentType !== undefined) event['datacontenttype'] = contentType;
  const missing = REQUIRED.filter((attribute) => event[attribute] === undefined);
  if (missing.length > 0)
    return { reason: `It is no CloudEvent of this platform: ${missing.map((name) => PREFIX + name).join(', ')} missing.` };
  if (event['specversion'] !== '1.0') return { reason: `Its specversion is "${String(event['specversion'])}"; only 1.0 is read.` };
  try {
    event['data'] = JSON.parse(record.value) as unknown;
  } catch (error) {
    return { reason: `Its value is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  event['position'] = { topic: record.topic, partition: record.partition, offset: record.offset };
  return event as unknown as Received<CloudEvent>;
}

export function isUndecodable(decoded: Received<CloudEvent> | Undecodable): decoded is Undecodable {
  return !('position' in decoded);
}
