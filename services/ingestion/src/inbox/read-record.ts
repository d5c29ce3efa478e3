/** One record of the inbox as an event, or why it is none: CloudEvents 1.0.2, Kafka protocol binding. */
import { isUtf8 } from 'node:buffer';
import type { LogRecord } from '@roofshot/messaging/events';
import { continueFrom } from '@roofshot/telemetry/context';
import type { RequestTrace } from '../event-record.ts';
import type { Incoming } from '../prepare-events.ts';
import type { Refusal } from '../verdicts.ts';
import { isWireFormat, type WireFormat } from './wire-format.ts';

/** Section 3: what begins so is in structured mode, whatever the event's format. */
const STRUCTURED = /^application\/cloudevents/i;
const STRUCTURED_JSON = /^application\/cloudevents\+json\s*(;|$)/i;
const BATCHED = /^application\/cloudevents-batch/i;
const JSON_TYPE = /^(application\/([^;]+\+)?json|text\/json)\s*(;|$)/i;
const AVRO = /avro/i;
const PREFIX = 'ce_';

type Attributes = Record<string, unknown>;

/** Throws only what the database throws. */
export async function readRecord(record: LogRecord, wire: WireFormat): Promise<Incoming> {
  if (record.unreadable !== undefined) return unreadable(record, {}, { reason: 'too-large', detail: record.unreadable });
  const contentType = record.headers['content-type'];
  const incoming = STRUCTURED.test(contentType ?? '') ? readStructured(record) : await readBinary(record, contentType, wire);
  return { ...incoming, trace: traceOf(record, incoming) };
}

function readStructured(record: LogRecord): Incoming {
  const contentType = record.headers['content-type'] ?? '';
  const refuse = (reason: Refusal['reason'], detail: string): Incoming => unreadable(record, {}, { reason, detail });
  if (BATCHED.test(contentType)) return refuse('envelope', 'Kafka has no batches of events: write each event as a record of its own.');
  if (!STRUCTURED_JSON.test(contentType))
    return refuse('envelope', `The event format ${contentType} is not read here. Write application/cloudevents+json, or the binary mode.`);
  if (record.base64 !== undefined) return refuse('json', 'Its value is not UTF-8, so its characters cannot be told.');
  try {
    return { value: JSON.parse(record.value) as unknown };
  } catch (error) {
    return refuse('json', `Its value is no JSON: ${(error as Error).message}.`);
  }
}

async function readBinary(record: LogRecord, contentType: string | undefined, wire: WireFormat): Promise<Incoming> {
  const attributes = attributesOf(record);
  const fault = headerFault(record, attributes);
  if (fault !== undefined) return unreadable(record, attributes, { reason: 'envelope', detail: fault, path: '' });
  if (record.hasNoValue === true) return { value: attributes }; // an event without data, section 3.2.2
  if (!isWireFormat(bytesOf(record))) return readText(record, contentType, attributes);
  const decoded = await wire.decode(bytesOf(record));
  if ('refusal' in decoded) return unreadable(record, attributes, decoded.refusal);
  return { value: { ...attributes, datacontenttype: 'application/json', data: decoded.data } };
}

function headerFault({ hasNoValue }: LogRecord, attributes: Attributes): string | undefined {
  if (attributes['specversion'] === undefined && attributes['id'] === undefined) {
    const what = hasNoValue === true ? 'It has no value and says nothing' : 'It is no CloudEvent';
    return `${what}: it has neither headers ${PREFIX}specversion, ${PREFIX}id, … nor the content-type application/cloudevents+json.`;
  }
  if ('data' in attributes || 'data_base64' in attributes) return `The data is the value of the record and no header ${PREFIX}data.`;
  const [broken] = Object.entries(attributes).find(([, value]) => String(value).includes('\uFFFD')) ?? [];
  return broken === undefined ? undefined : `The header ${PREFIX}${broken} is not UTF-8, so its characters cannot be told.`;
}

function readText(record: LogRecord, contentType: string | undefined, attributes: Attributes): Incoming {
  const refuse = (reason: Refusal['reason'], detail: string): Incoming => unreadable(record, attributes, { reason, detail, path: '/data' });
  if (AVRO.test(contentType ?? ''))
    return refuse('avro', 'Avro is read in the Confluent wire format alone, which begins with the byte 0 and names the schema.');
  const event = contentType === undefined ? attributes : { ...attributes, datacontenttype: contentType };
  const { base64 } = record;
  if (contentType !== undefined && !JSON_TYPE.test(contentType)) {
    return { value: base64 === undefined ? { ...event, data: record.value } : { ...event, data_base64: base64 } }; // refused for its type
  }
  if (base64 !== undefined) return refuse('json', 'Its value is not UTF-8, so its characters cannot be told.');
  try {
    return { value: { ...event, data: JSON.parse(record.value) as unknown } };
  } catch (error) {
    return refuse('json', `Its value is no JSON: ${(error as Error).message}.`);
  }
}

/** Headers are taken as they are: this binding has no percent-encoding. */
function attributesOf({ headers }: LogRecord): Attributes {
  const entries = Object.entries(headers).flatMap(([name, value]) => (name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value]] : []));
  return Object.fromEntries(entries) as Attributes;
}

const bytesOf = ({ base64, value }: LogRecord): Buffer => (base64 === undefined ? Buffer.from(value) : Buffer.from(base64, 'base64'));

/** With what came, whole: the attributes, and the value as text or in base64. */
function unreadable(
  record: LogRecord,
  attributes: Attributes,
  { reason, detail, path }: Pick<Refusal, 'reason' | 'detail' | 'path'>,
): Incoming {
  const { topic, partition, offset } = record;
  const place = `It is the record ${offset} of partition ${partition} of ${topic}.`;
  const refusal: Refusal = { verdict: 'quarantined', reason, detail: `${detail} ${place}`, ...(path !== undefined && { path }) };
  return { unreadable: refusal, original: originalOf(record, attributes), named: attributes };
}

/** What is no JSON stands there as a text: a redrive asks for other data in its place. */
function originalOf(record: LogRecord, attributes: Attributes): string {
  const bytes = bytesOf(record);
  const isText = isUtf8(bytes) && !isWireFormat(bytes);
  const contentType = record.headers['content-type'];
  if (isText && STRUCTURED.test(contentType ?? '')) return record.value;
  const event = contentType === undefined ? attributes : { ...attributes, datacontenttype: contentType };
  if (record.hasNoValue === true) return JSON.stringify(event);
  return JSON.stringify(isText ? { ...event, data: record.value } : { ...event, data_base64: bytes.toString('base64') });
}

/** The event's own trace, or that which an instrumented producer has written beside it; otherwise a new one for each record. */
function traceOf({ headers }: LogRecord, incoming: Incoming): RequestTrace {
  const event = 'value' in incoming ? (incoming.value as { traceparent?: unknown } | null) : undefined;
  const { traceparent, correlationId } = continueFrom({ traceparent: event?.traceparent ?? headers['traceparent'] });
  return { traceparent, correlationid: correlationId };
}
