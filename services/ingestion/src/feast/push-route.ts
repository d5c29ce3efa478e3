/**
 * `POST /push` of Feast's feature server. It is here and not with the features because its rows are events like any others: with write keys and
 * quotas, a verdict each, counted in the ledger, quarantined where they do not fit.
 */
import { randomUUID } from 'node:crypto';
import { PushFeatures } from '@roofshot/contracts/http/feast';
import { EventsAnswer, type EventResult } from '@roofshot/contracts/http/ingestion';
import { DomainError } from '@roofshot/runtime/errors';
import type { HttpRequest, HttpRoutes } from '@roofshot/runtime/http';
import { Type } from 'typebox';
import { countReasons } from '../answer-lines.ts';
import { EVENT_REFUSALS } from '../event-document.ts';
import type { EventIntake } from '../event-intake.ts';
import type { EventRouteNeeds } from '../event-route-needs.ts';
import { currentTrace } from '../request-trace.ts';
import { countVerdicts } from '../verdicts.ts';
import { pushEvents } from './push-events.ts';

export const PUSH_PATH = '/push';

/** `bodyLimit`: bytes. */
export function addPushRoute(http: HttpRoutes, intake: EventIntake, needs: EventRouteNeeds, bodyLimit: number): void {
  takeUntypedJson(http);
  http.route({
    method: 'POST',
    url: PUSH_PATH,
    summary: "Feast's push: each row is an event of the type that is named as its source, and gets a verdict; what is answered is durable.",
    body: PushFeatures,
    response: Type.Unsafe<EventsAnswer>(EventsAnswer),
    details: { refusals: REFUSALS, security: ['bearer', 'basic'] },
    bodyLimit,
    handler: (request) => takeRows(intake, needs, request),
  });
}

/** The requests in Feast's documentation say nothing of what they hold. */
function takeUntypedJson({ fastify }: HttpRoutes): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.url === PUSH_PATH) request.headers['content-type'] ??= 'application/json';
    done();
  });
}

type Pushed = HttpRequest<undefined, undefined, typeof PushFeatures>;

async function takeRows(intake: EventIntake, { keys }: EventRouteNeeds, { body, reply }: Pushed): Promise<EventsAnswer> {
  const key = reply.request.writeKey;
  // By the key's name and not its id: a row that comes again under a new key is still a repeat.
  const events = pushEvents(body, { source: `/feast/${key?.name ?? ''}`, newId: randomUUID });
  keys.admit(key, events.length);
  const results = await intake.submit({ events, trace: currentTrace(), key });
  countReasons(results);
  refuseWhole(results);
  return { ...countVerdicts(results), results };
}

/** Feast's clients look at the status alone: where no row was good, the request was not. The rows are kept all the same. */
function refuseWhole(results: readonly EventResult[]): void {
  const [first] = results;
  if (first === undefined || results.some(({ verdict }) => verdict !== 'quarantined')) return;
  const code = first.reason === 'unknown-type' ? 'not-found' : 'invalid';
  const kept = `All ${results.length} rows are in the quarantine, from where they can be redriven.`;
  throw new DomainError(code, `${first.detail ?? 'The rows are not valid.'} ${kept}`, { ...countVerdicts(results), results });
}

const REFUSALS = {
  400: 'It is no request of this kind (nothing was taken), or no row of it was good (all are quarantined).',
  401: EVENT_REFUSALS[401],
  404: 'No EventType of this name is declared: the nearest names. The rows are quarantined.',
  413: EVENT_REFUSALS[413],
  429: EVENT_REFUSALS[429],
  503: EVENT_REFUSALS[503],
};
