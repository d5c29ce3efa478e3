/** The three forms in which events come in one request: structured, batched, binary (CloudEvents 1.0.2, HTTP binding). */
import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '@roofshot/runtime/errors';
import type { Incoming } from './prepare-events.ts';
import { writeJson } from './write-json.ts';

export const STRUCTURED = 'application/cloudevents+json';
export const BATCHED = 'application/cloudevents-batch+json';
export const NDJSON = 'application/x-ndjson';

/** Events in one batch: its verdicts are one answer, and while it is one transaction others wait. */
const MAX_BATCH = 5_000;

/** `isSingle`: the request was one event, so its refusal is the request's. */
export interface ReadEvents {
  readonly events: readonly Incoming[];
  readonly isSingle: boolean;
}

/** Without parameters, in lower case; empty where none was given. */
export const mediaTypeOf = (headers: IncomingHttpHeaders): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/**
 * `mediaType`: without parameters. `body`: text for the CloudEvents media types, for the binary form as the server parsed it. Throws `unsupported-media-type`, and `invalid` for what is not JSON at all.
 */
export function readEvents(mediaType: string, headers: IncomingHttpHeaders, body: unknown): ReadEvents {
  if (mediaType === BATCHED) return { events: readBatch(body as string), isSingle: false };
  if (mediaType === STRUCTURED) return { events: [{ value: parse(body as string) }], isSingle: true };
  if (headers['ce-specversion'] !== undefined || headers['ce-id'] !== undefined) {
    return { events: [binaryEvent(mediaType, headers, body)], isSingle: true };
  }
  throw new DomainError(
    'unsupported-media-type',
    `Content-Type ${mediaType || '(none)'} holds no events. Send ${STRUCTURED}, ${BATCHED} or ${NDJSON}, or put the attributes into ce-* headers.`,
  );
}

function readBatch(body: string): Incoming[] {
  const batch = parse(body);
  if (!Array.isArray(batch))
    throw new DomainError('invalid', `A batch is a JSON array of events; this body is none. For one event use ${STRUCTURED}.`);
  if (batch.length > MAX_BATCH) {
    const message = `A batch holds at most ${MAX_BATCH} events; this one has ${batch.length}. Nothing of it was taken: send it in parts, or as lines (${NDJSON}), which may be any number.`;
    throw new DomainError('too-large', message);
  }
  return batch.map((value: unknown) => ({ value }));
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    throw new DomainError('invalid', `The body is no JSON: ${(error as Error).message}. Nothing of the request was taken.`);
  }
}

function binaryEvent(mediaType: string, headers: IncomingHttpHeaders, body: unknown): Incoming {
  const event: Record<string, unknown> = {};
  const broken: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-') || typeof value !== 'string') continue;
    const text = decodeHeader(value);
    if (text === undefined) broken.push(name);
    event[name.slice(3)] = text ?? value;
  }
  if (mediaType !== '') event['datacontenttype'] = mediaType;
  if (body !== undefined) event['data'] = body;
  const [first] = broken;
  if (first === undefined) return { value: event };
  const detail = `The header ${first} is percent-encoded, and its bytes are no UTF-8. Encode the characters of its value again and send the event again.`;
  const refusal = { verdict: 'quarantined', reason: 'envelope', detail, path: `/${first.slice(3)}` } as const;
  return { unreadable: refusal, original: writeJson(event), named: event, isPart: true };
}

const QUOTED = /"((?:[^"\\]|\\.)*)"/g;
const ENCODED = /(?:%[0-9a-f]{2})+/gi;

/** HTTP binding, section 3.1.3.2: quoted strings of older senders, then one round of percent-encoding. Undefined: the bytes are no UTF-8. */
function decodeHeader(value: string): string | undefined {
  const unquoted = value.replaceAll(QUOTED, (_, inner: string) => inner.replaceAll(/\\(.)/g, '$1'));
  try {
    return unquoted.replaceAll(ENCODED, (bytes) => decodeURIComponent(bytes));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
