import { Readable } from 'node:stream';
import { DECISION_TYPES, type LiveFrame, type Said } from '@roofshot/contracts/http/live';
import { snapshot } from '@roofshot/telemetry/define-metrics';
import type { SeriesReading } from '@roofshot/telemetry/metric-series';
import { recentMessages, type NumberedMessage } from '@roofshot/telemetry/recent-messages';
import { watchTimings } from '@roofshot/telemetry/recent-timings';
import { DomainError } from './errors.ts';
import type { HttpRoutes } from './http.ts';

const FRAME_MS = 1_000;
/** People who look; a program that needs more should read the topics. */
const MOST_CLIENTS = 50;
/** Messages of one type in one frame; decisions come all. */
const OF_A_TYPE = 3;

/** What a frame tells of the service beside metrics and messages. */
export interface LiveState {
  readonly service: string;
  readonly waitsFor: () => Promise<string[]>;
  readonly troubles: () => string[];
  readonly lag: () => number;
}

/** `GET /live`: a frame at once and then every second, until the client goes or the service stops. */
export function addLiveRoute(http: HttpRoutes, state: LiveState): void {
  let clients = 0;
  http.route({
    method: 'GET',
    url: '/live',
    summary: 'What goes on, every second (Server-Sent Events): readiness, lag, totals, medians, and what was said.',
    produces: 'text/event-stream',
    handler: ({ reply, signal }) => {
      if (clients >= MOST_CLIENTS) throw tooMany(state.service);
      clients += 1;
      void reply.header('content-type', 'text/event-stream; charset=utf-8').header('cache-control', 'no-store');
      void reply.header('x-accel-buffering', 'no');
      // A stream that is pulled: while a client does not read, no frame is made for it.
      const stream = Readable.from(messages(state, signal), { objectMode: true, highWaterMark: 1 });
      stream.once('close', () => void (clients -= 1));
      return stream;
    },
  });
}

async function* messages(state: LiveState, signal: AbortSignal): AsyncGenerator<string> {
  const timings = watchTimings();
  try {
    for (let seen = 0; !signal.aborted;) {
      const { last } = recentMessages;
      const said = lastSaid(recentMessages.since(seen, state.service));
      seen = last;
      yield `data: ${JSON.stringify(await frame(state, said, timings.medians(prefixOf(state.service))))}\n\n`;
      await pause(FRAME_MS, signal);
    }
  } finally {
    timings.stop();
  }
}

async function frame({ service, waitsFor, troubles, lag }: LiveState, said: Said[], medians: Record<string, number>): Promise<LiveFrame> {
  const awaited = await waitsFor();
  const readings = snapshot().filter(({ name }) => name.startsWith(prefixOf(service)));
  return {
    service,
    at: Date.now(),
    since: Math.round(performance.timeOrigin),
    ready: awaited.length === 0,
    waitsFor: awaited,
    troubles: troubles(),
    lag: lag(),
    totals: totalsOf(readings.filter(({ kind }) => kind === 'counter').map((reading) => shortNamed(reading, service))),
    gauges: gaugesOf(readings.filter(({ kind }) => kind === 'gauge').map((reading) => shortNamed(reading, service))),
    medians: Object.fromEntries(Object.entries(medians).map(([name, value]) => [shortName(name, service), value])),
    said,
  };
}

const prefixOf = (service: string): string => `roofshot.${service}.`;
const shortName = (name: string, service: string): string => name.slice(prefixOf(service).length);
const shortNamed = (reading: SeriesReading, service: string): SeriesReading => ({ ...reading, name: shortName(reading.name, service) });

/** Sums over all series of a counter, and by the value of its tag where it has one tag. */
export function totalsOf(counters: readonly Pick<SeriesReading, 'name' | 'tags' | 'total'>[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { name, tags, total } of counters) {
    totals[name] = (totals[name] ?? 0) + total;
    const [value, ...others] = Object.values(tags);
    if (value !== undefined && others.length === 0) totals[`${name}/${value}`] = total;
  }
  return totals;
}

/** Sums over all series: of lags, rows that wait and cores the sum is what counts. */
function gaugesOf(gauges: readonly Pick<SeriesReading, 'name' | 'last'>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { name, last } of gauges) sums[name] = (sums[name] ?? 0) + last;
  return sums;
}

export function lastSaid(messages: readonly NumberedMessage[]): Said[] {
  const counts = new Map<string, number>();
  const kept = messages.toReversed().filter(({ kind, type, data }) => {
    const count = (counts.get(`${kind} ${type}`) ?? 0) + 1;
    counts.set(`${kind} ${type}`, count);
    return count <= OF_A_TYPE || (data !== undefined && DECISION_TYPES.has(type));
  });
  return kept.reverse() as Said[];
}

/** Resolves after the time or with the abort, whichever comes first. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener('abort', finish);
  });
}

function tooMany(service: string): DomainError {
  const detail = `${service} already sends its live view to ${MOST_CLIENTS} clients. Close some, or read its topics instead.`;
  return new DomainError('unavailable', detail);
}
