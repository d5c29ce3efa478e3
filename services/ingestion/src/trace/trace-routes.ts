/** `GET /v1/events/trace/{id}`: what happened to one event, request, prediction, run or subject. */
import { TraceAnswer } from '@roofshot/contracts/http/ingestion';
import type { EventBus } from '@roofshot/messaging/events';
import type { HttpRoutes } from '@roofshot/runtime/http';
import { Type } from 'typebox';
import type { Masks } from '../privacy/masks.ts';
import { scanLog, type ScanLimits, type Scanned } from './scan-log.ts';

const TraceQuery = Type.Object({
  /** At most so many hops, the newest. */
  limit: Type.Integer({ minimum: 1, maximum: 5_000, default: 500 }),
  /** The log is read backwards for so long. */
  seconds: Type.Number({ minimum: 0.1, maximum: 50, default: 10 }),
});

export function addTraceRoute(http: HttpRoutes, bus: EventBus, masks: Masks): void {
  let before: Promise<unknown> = Promise.resolve();
  http.route({
    method: 'GET',
    url: '/v1/events/trace/:id',
    summary:
      'Every record of the log that names the id (of an event, a correlation, a subject or unit, a prediction, a run), oldest first. The log is read from its newest end; `complete` says whether all of it was.',
    params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 512 }) }),
    query: TraceQuery,
    response: TraceAnswer,
    handler: ({ params: { id }, query: { limit, seconds }, signal }) => {
      // One at a time: a trace reads as fast as it can, and the log has other readers.
      const trace = before.then(() => answerTrace(id, { bus, masks, limits: { hops: limit, milliseconds: seconds * 1000, signal } }));
      before = trace.catch(() => undefined); // told to its own caller
      return trace;
    },
  });
}

interface Asked {
  readonly bus: EventBus;
  readonly masks: Masks;
  readonly limits: ScanLimits;
}

async function answerTrace(id: string, { bus, masks, limits }: Asked): Promise<TraceAnswer> {
  const current = await masks.current();
  return answerOf(id, await scanLog(bus, { id, tell: (topic, data) => current.dataOn(topic, data) }, limits));
}

function answerOf(id: string, scanned: Scanned): TraceAnswer {
  const { hops, records, topics, stoppedBy } = scanned;
  return { id, hops: [...hops], complete: stoppedBy === null, notice: noticeOf(scanned), records, topics };
}

function noticeOf({ hops, records, stoppedBy, seenSince }: Scanned): string | null {
  if (stoppedBy === null) return null;
  if (stoppedBy === 'hops')
    return `Shown are the newest ${hops.length} hops that were found; older records were not all looked at. Ask with a larger limit, or for a narrower id.`;
  const reach =
    seenSince === null
      ? 'not every topic was looked at'
      : `nothing before ${new Date(seenSince).toISOString()} was looked at on every topic`;
  return `The time was up after ${records} records: ${reach}. Ask again with more seconds.`;
}
