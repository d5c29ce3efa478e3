/** Segment's HTTP API: an application that has one of its libraries sends here by changing the host. */
import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import { SegmentAnswer } from '@roofshot/contracts/http/ingestion';
import { DomainError } from '@roofshot/runtime/errors';
import type { HttpRequest, HttpRoutes } from '@roofshot/runtime/http';
import type { Most } from '../body-gate.ts';
import type { EventIntake } from '../event-intake.ts';
import type { EventRouteNeeds } from '../event-route-needs.ts';
import { currentTrace } from '../request-trace.ts';
import { countVerdicts } from '../verdicts.ts';
import { secretIn, type WriteKey } from '../write-keys/write-key.ts';
import { segmentDocument } from './segment-document.ts';
import { SEGMENT_CALLS, segmentEvent, type SegmentCall } from './segment-events.ts';

/** As Segment has it, also in its status. */
export const SEGMENT_MOST: Most = {
  bytes: 500 * 1024,
  refusal: () => refused(`A request has at most ${500 * 1024} bytes, and this one is longer.`),
};
export const SEGMENT_PATHS: ReadonlySet<string> = new Set([...SEGMENT_CALLS, 'batch'].map((call) => `/v1/${call}`));

export function addSegmentRoutes(http: HttpRoutes, intake: EventIntake, needs: EventRouteNeeds): void {
  for (const call of [...SEGMENT_CALLS, undefined]) {
    http.route({
      method: 'POST',
      url: `/v1/${call ?? 'batch'}`,
      summary: `Segment's ${call ?? 'batch'}: every message gets a verdict; what is answered is durable, quarantined ones too.`,
      response: Type.Unsafe<SegmentAnswer>(SegmentAnswer),
      details: segmentDocument(call),
      bodyLimit: 16 * 1024 * 1024, // the gate refuses earlier, as Segment does
      handler: (request) => takeMessages(intake, needs, { call, request }),
    });
  }
}

interface Taken {
  readonly call: SegmentCall | undefined;
  readonly request: HttpRequest;
}

async function takeMessages(intake: EventIntake, { keys, clock }: EventRouteNeeds, { call, request }: Taken): Promise<SegmentAnswer> {
  const body = bodyOf(request.body);
  const messages = call === undefined ? messagesOf(body) : [body];
  const key = await keys.keyOf(request.headers, secretIn(request.headers) ?? textOf(body['writeKey']));
  keys.admit(key, messages.length);
  const receipt = { source: sourceOf(key), receivedAt: clock(), sentAt: body['sentAt'], newId: randomUUID };
  const events = messages.map((message) => segmentEvent(message, call, receipt));
  const results = await intake.submit({ events, trace: currentTrace(), key });
  return { success: true, ...countVerdicts(results), results };
}

/** By the key's name and not its id: an event that comes again under a new key is still a repeat. */
const sourceOf = (key: WriteKey | undefined): string => `/segment/${key?.name ?? ''}`;

/** Browsers that leave a page send JSON as text. */
function bodyOf(body: unknown): Readonly<Record<string, unknown>> {
  const value = typeof body === 'string' ? parse(body) : body;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refused('The body must be a JSON object.');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw refused(`The body is no JSON: ${(error as Error).message}.`);
  }
}

/** The context of a batch is that of each message that has none of its own. */
function messagesOf({ batch, context, integrations }: Readonly<Record<string, unknown>>): unknown[] {
  if (!Array.isArray(batch)) throw refused('batch must be an array of messages.');
  const shared = { ...(context !== undefined && { context }), ...(integrations !== undefined && { integrations }) };
  const isShared = Object.keys(shared).length > 0;
  return batch.map((message: unknown) => (isShared && isObject(message) ? { ...shared, ...message } : message));
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function refused(what: string): DomainError {
  return new DomainError('invalid', `${what} Nothing of the request was taken: correct it and send it again.`, { success: false });
}
