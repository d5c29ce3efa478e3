/** Windows from their definitions, by looking at every event for every window: slow, and simple enough to be checked by reading. */
import { millionthsOf, sortWindows, type WindowEvent, type WindowSpec, type WindowTotals } from './window-spec.ts';

/** An event with the greatest event time that had arrived under any key, its own included. */
interface Arrival extends WindowEvent {
  readonly streamTime: number;
}

type Bounds = Pick<WindowTotals, 'key' | 'start' | 'end'>;

/**
 * All windows of `spec` that hold events, as in `window-spec.ts`, sorted.
 *
 * With a grace, an event does not count for a tumbling or hopping window when `end + grace ≤ stream time`; and it does not count at all
 * when the session that it would belong to, itself and what it joins included, has `end + gap + grace < stream time`.
 *
 * @throws RangeError for sliding windows with a grace, which have no such definition: see `window-oracle.server.test.ts`
 */
export function naiveWindows(events: readonly WindowEvent[], spec: WindowSpec): WindowTotals[] {
  const byKey = Map.groupBy(arrivalsOf(events), ({ key }) => key);
  return sortWindows([...byKey].flatMap(([key, arrivals]) => windowsOf(key, arrivals, spec)));
}

function arrivalsOf(events: readonly WindowEvent[]): Arrival[] {
  let streamTime = -Infinity;
  return events.map((event) => {
    streamTime = Math.max(streamTime, event.time);
    return { ...event, streamTime };
  });
}

function windowsOf(key: string, arrivals: readonly Arrival[], spec: WindowSpec): WindowTotals[] {
  switch (spec.kind) {
    case 'tumbling':
      return alignedWindows(key, arrivals, { ...spec, advanceMs: spec.sizeMs });
    case 'hopping':
      return alignedWindows(key, arrivals, spec);
    case 'sliding':
      return slidingWindows(key, arrivals, spec);
    case 'session':
      return sessionWindows(key, arrivals, spec);
  }
}

interface Aligned {
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs?: number;
}

function alignedWindows(key: string, arrivals: readonly Arrival[], { sizeMs, advanceMs, graceMs = Infinity }: Aligned): WindowTotals[] {
  const starts = new Set(arrivals.flatMap(({ time }) => startsOver(time, sizeMs, advanceMs)));
  return [...starts].flatMap((start) => {
    const end = start + sizeMs;
    const members = arrivals.filter(({ time, streamTime }) => start <= time && time < end && end + graceMs > streamTime);
    return totalsOf({ key, start, end }, members);
  });
}

/** The multiples of the advance in (time − size, time]. */
function startsOver(time: number, sizeMs: number, advanceMs: number): number[] {
  const starts: number[] = [];
  for (let start = Math.floor(time / advanceMs) * advanceMs; start > time - sizeMs; start -= advanceMs) starts.push(start);
  return starts;
}

interface Sliding {
  readonly differenceMs: number;
  readonly graceMs?: number;
}

function slidingWindows(key: string, arrivals: readonly Arrival[], { differenceMs, graceMs }: Sliding): WindowTotals[] {
  if (graceMs !== undefined)
    throw new RangeError(
      'What a sliding window takes late depends on the windows before it: leave graceMs out, or drop late events first.',
    );
  const starts = new Set(arrivals.flatMap(({ time }) => [time - differenceMs, time + 1]));
  return [...starts].flatMap((start) => {
    const end = start + differenceMs;
    const members = arrivals.filter(({ time }) => start <= time && time <= end);
    return totalsOf({ key, start, end }, members);
  });
}

interface Session {
  readonly gapMs: number;
  readonly graceMs?: number;
}

function sessionWindows(key: string, arrivals: readonly Arrival[], { gapMs, graceMs = Infinity }: Session): WindowTotals[] {
  const accepted: Arrival[] = [];
  for (const arrival of arrivals) {
    const session = sessionsOf([...accepted, arrival], gapMs).find((events) => events.includes(arrival)) ?? [];
    if (lastTime(session) + gapMs + graceMs >= arrival.streamTime) accepted.push(arrival);
  }
  return sessionsOf(accepted, gapMs).flatMap((events) => totalsOf({ key, start: firstTime(events), end: lastTime(events) }, events));
}

/** In the order of time, cut where more than the gap lies between two events. */
function sessionsOf(arrivals: readonly Arrival[], gapMs: number): Arrival[][] {
  const sessions: Arrival[][] = [];
  for (const arrival of arrivals.toSorted((a, b) => a.time - b.time)) {
    const session = sessions.at(-1);
    if (session !== undefined && arrival.time - lastTime(session) <= gapMs) session.push(arrival);
    else sessions.push([arrival]);
  }
  return sessions;
}

const firstTime = (events: readonly WindowEvent[]): number => events[0]?.time ?? Number.NaN;
const lastTime = (events: readonly WindowEvent[]): number => events.at(-1)?.time ?? Number.NaN;

/** None where there are no events. */
function totalsOf(bounds: Bounds, events: readonly WindowEvent[]): WindowTotals[] {
  if (events.length === 0) return [];
  const values = events.map(({ value }) => value);
  const sumMillionths = values.reduce((sum, value) => sum + millionthsOf(String(value)), 0n);
  return [{ ...bounds, count: events.length, sumMillionths, min: Math.min(...values), max: Math.max(...values) }];
}
