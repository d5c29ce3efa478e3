/** `POST /v1/events` in all its forms. */
import { Type } from 'typebox';
import { EventsAnswer, PROGRESS_HEADER, type EventResult } from '@roofshot/contracts/http/ingestion';
import { DomainError } from '@roofshot/runtime/errors';
import type { HttpRequest, HttpRoutes } from '@roofshot/runtime/http';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { answerLines, countReasons } from './answer-lines.ts';
import { guardBody, textOf, type Most } from './body-gate.ts';
import { parseTime } from './check-envelope.ts';
import { EVENTS_DOCUMENT } from './event-document.ts';
import type { EventIntake } from './event-intake.ts';
import type { EventRouteNeeds } from './event-route-needs.ts';
import type { SaidProgress } from './event-record.ts';
import { addPushRoute, PUSH_PATH } from './feast/push-route.ts';
import { metrics } from './metrics.ts';
import { BATCHED, mediaTypeOf, NDJSON, readEvents, STRUCTURED } from './read-events.ts';
import { currentTrace } from './request-trace.ts';
import { addSegmentRoutes, SEGMENT_MOST, SEGMENT_PATHS } from './segment/segment-routes.ts';
import { countVerdicts } from './verdicts.ts';
import type { WriteKey } from './write-keys/write-key.ts';
import { tooLargeFor } from './write-keys/write-keys.ts';
import { addWebhookHandshake } from './webhook-handshake.ts';

const PATH = '/v1/events';
/** Doors that ask whose the events are before anything is read of the body. */
const KEYED: ReadonlySet<string> = new Set([PATH, PUSH_PATH]);
/** A batch is one transaction; what is larger comes as ndjson. */
const BODY_LIMIT = 16 * 1024 * 1024;
/** JSON under other names, for events whose attributes are in headers. */
const OTHER_JSON = /^(application\/[a-z0-9!#$&^_.-]+\+json|text\/json)(\s*;|$)/i;

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose the events are; undefined where keys are optional and the request has none. */
    writeKey: WriteKey | undefined;
  }
}

export function addEventRoutes(http: HttpRoutes, intake: EventIntake, needs: EventRouteNeeds): void {
  const whole = { parseAs: 'buffer', bodyLimit: BODY_LIMIT } as const;
  http.fastify.addContentTypeParser([STRUCTURED, BATCHED], whole, (_request, body: Buffer, done) => {
    const text = textOrFault(body);
    if (typeof text === 'string') done(null, text);
    else done(text);
  });
  http.fastify.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload));
  http.fastify.addContentTypeParser(OTHER_JSON, { parseAs: 'string' }, http.fastify.getDefaultJsonParser('error', 'error'));
  http.fastify.decorateRequest('writeKey');
  http.fastify.addHook('onRequest', async (request) => {
    if (request.method === 'POST' && KEYED.has(request.routeOptions.url ?? '')) request.writeKey = await needs.keys.keyOf(request.headers);
  });
  // Not asynchronous: a body that is refused at once must find somebody who hears of it.
  http.fastify.addHook('preParsing', (request, reply, payload, done) => {
    const { url = '' } = request.routeOptions;
    const isSegment = SEGMENT_PATHS.has(url);
    if (request.method !== 'POST' || (!KEYED.has(url) && !isSegment)) return done(null, payload);
    const most = isSegment ? SEGMENT_MOST : mostOf(request.writeKey);
    return done(null, guardBody(needs, { request, reply, payload: payload as Readable }, most));
  });
  http.route({
    method: 'POST',
    url: PATH,
    summary: 'Takes events and answers a verdict for each: accepted, duplicate, late or quarantined. What is answered is durable.',
    response: Type.Unsafe<unknown>(EventsAnswer),
    details: EVENTS_DOCUMENT,
    status: 202,
    bodyLimit: BODY_LIMIT,
    handler: (request) => takeEvents(intake, needs, request),
  });
  addWebhookHandshake(http, PATH);
  addSegmentRoutes(http, intake, needs);
  addPushRoute(http, intake, needs, BODY_LIMIT);
}

function textOrFault(body: Buffer): string | Error {
  try {
    return textOf(body);
  } catch (error) {
    return error as Error;
  }
}

function mostOf(key: WriteKey | undefined): Most | undefined {
  const bytes = key?.maxBodyBytes;
  return bytes === undefined ? undefined : { bytes, refusal: () => tooLargeFor(key?.name, bytes) };
}

async function takeEvents(intake: EventIntake, needs: EventRouteNeeds, request: HttpRequest): Promise<unknown> {
  const { headers, body, reply } = request;
  const key = reply.request.writeKey;
  const mediaType = mediaTypeOf(headers);
  const trace = currentTrace();
  const progress = progressOf(headers, needs.clock(), key);
  if (mediaType === NDJSON) {
    const { signal } = request; // made when it is asked for, which costs as much as a small request's check
    return reply
      .code(202)
      .type(NDJSON)
      .send(Readable.from(answerLines(intake, body as Readable, { trace, progress, signal, key, needs })));
  }
  const began = performance.now();
  const { events, isSingle } = readEvents(mediaType, headers, body);
  needs.keys.admit(key, events.length);
  const results = await intake.submit({ events, trace, key, ...(progress !== undefined && { progress }) });
  metrics['submit.ms'](performance.now() - began);
  countReasons(results);
  refuseSingle(isSingle, results);
  return { ...countVerdicts(results), results };
}

/** One invalid event is an invalid request; it is kept on events-refused.v1 all the same. */
function refuseSingle(isSingle: boolean, results: readonly EventResult[]): void {
  const [result] = results;
  if (!isSingle || result?.verdict !== 'quarantined') return;
  const message = result.detail ?? 'The event is not valid.';
  throw new DomainError('invalid', message, {
    faults: [{ path: result.path ?? '', message }],
    verdict: result.verdict,
    reason: result.reason,
  });
}

function progressOf(headers: IncomingHttpHeaders, now: number, key: WriteKey | undefined): SaidProgress | undefined {
  const value = headers[PROGRESS_HEADER];
  if (value === undefined) return undefined;
  if (key?.mayImport === false)
    throw new DomainError(
      'forbidden',
      `${PROGRESS_HEADER} is said by importers, and the write key ${key.name} has no right to import. Nothing of the request was taken.`,
    );
  const time = typeof value === 'string' ? parseTime(value) : undefined;
  if (time === undefined || time > now) {
    throw new DomainError(
      'invalid',
      `${PROGRESS_HEADER} must be one RFC 3339 time with offset that is not in the future, like 2001-01-15T07:05:00Z. Nothing of the request was taken.`,
    );
  }
  return { eventTime: new Date(time).toISOString(), source: '/roofshot/importer' };
}
