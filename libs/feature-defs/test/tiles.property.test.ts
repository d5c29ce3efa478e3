import type { FeatureSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { ViewEvent } from '../src/event-scope.ts';
import type { FeatureValue } from '../src/feature-value.ts';
import { decodeSeries, encodeSeries } from '../src/series-text.ts';
import { addEvent, emptySeries, mergeDelta, prune, type SumColumn, type TileSeries } from '../src/tiles.ts';
import { compileView, firstKeptTile, windowValues, type ViewPlan } from '../src/view-plan.ts';
import { naiveValues, type Reading } from './naive-view.ts';
import { randomFrom, shuffled } from './random.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2001-01-15T00:00:00Z');
const SPAN_MS = 8 * HOUR;

const exact: FeatureSpec[] = [
  { name: 'count', aggregation: 'count' },
  { name: 'ok_count', aggregation: 'count', where: 'data.ok' },
  { name: 'by_c', aggregation: 'count', by: 'data.c', categories: ['A', 'b', 'other'] },
  { name: 'sum', aggregation: 'sum', value: 'data.v' },
  { name: 'sum_by', aggregation: 'sum', value: 'data.v', where: 'data.ok', by: 'data.c', categories: ['A', 'b'] },
  { name: 'mean', aggregation: 'mean', value: 'data.v' },
  { name: 'share', aggregation: 'share', value: 'data.ok' },
  { name: 'ratio', aggregation: 'ratio', value: 'data.v', per: 'data.w' },
  { name: 'min', aggregation: 'min', value: 'data.v' },
  { name: 'max', aggregation: 'max', value: 'data.v' },
  { name: 'first', aggregation: 'first', value: 'data.v' },
  { name: 'last_text', aggregation: 'last', value: 'data.s', type: 'string' },
  { name: 'first3', aggregation: 'firstK', value: 'data.v', k: 3 },
  { name: 'last3', aggregation: 'lastK', value: 'data.s', type: 'string', k: 3 },
  { name: 'top2', aggregation: 'topK', value: 'data.v', k: 2 },
  { name: 'distinct', aggregation: 'distinct', value: 'data.s' },
];
const near: FeatureSpec[] = [
  { name: 'variance', aggregation: 'variance', value: 'data.v' },
  { name: 'stddev', aggregation: 'stddev', value: 'data.v' },
  { name: 'p90', aggregation: 'percentile', value: 'data.v', quantile: 0.9 },
  { name: 'decayed', aggregation: 'decayedSum', value: 'data.v', halfLife: '40m' },
];

function specOf(features: readonly FeatureSpec[], windows: readonly string[], ttl?: string): FeatureViewSpec {
  return {
    entity: 'sensor',
    source: { eventType: 'sensor.read', keys: { sensor: 'subject' } },
    tile: '5m',
    windows: [...windows],
    features: [...features],
    ...(ttl !== undefined && { ttl }),
  };
}

const planOf = (spec: FeatureViewSpec): ViewPlan => compileView({ name: 'readings', generation: 1, spec }, { keys: ['sensor'] });
const SPANS = ['10m', 'tumbling 1h', 'hopping 2h by 30m', 'session 20m within 3h'];
const whole = specOf(exact, [...SPANS, 'lifetime']);
const wholePlan = planOf(whole);

/** Bursts and pauses, equal times, readings that become known later than others that happened after them. */
function generateEvents(random: () => number, count: number): ViewEvent[] {
  const bursts = Array.from({ length: 12 }, () => START + Math.floor(random() * SPAN_MS));
  return Array.from({ length: count }, (_, i) => {
    const burst = bursts[Math.floor(random() * bursts.length)] ?? START;
    const time = burst + Math.floor(random() * 60) * 15_000;
    const number = (): number | null => (random() < 0.1 ? null : Math.round((random() * 400 - 160) * 1_000) / 1_000);
    const data: Reading = {
      v: number(),
      w: number(),
      ok: random() < 0.4,
      c: 'Abcx'[Math.floor(random() * 4)] ?? '',
      s: `s${Math.floor(random() * 20)}`,
    };
    return { id: `e${i}`, data, subject: 'x', time, knownTime: time + Math.floor(random() * 10 * MINUTE) };
  });
}

function fold(plan: ViewPlan, events: readonly ViewEvent[]): TileSeries {
  const series = emptySeries(plan.layout);
  for (const event of events) {
    const contribution = plan.contributionOf(event, (message) => {
      throw new Error(message);
    });
    if (contribution !== undefined) addEvent(series, contribution);
  }
  return series;
}

function namedValues(plan: ViewPlan, values: readonly (FeatureValue | undefined)[]): Record<string, FeatureValue | undefined> {
  return Object.fromEntries(plan.names.map((name, i) => [name, values[i]]));
}

function isNear(value: FeatureValue | undefined, expected: FeatureValue, share: number): boolean {
  if (typeof value !== 'number' || typeof expected !== 'number') return value === expected;
  return Math.abs(value - expected) <= Math.max(1e-4, share * Math.abs(expected));
}

describe.each([1, 2, 3, 4])('with generated events (seed %i)', (seed) => {
  const random = randomFrom(seed);
  const events = generateEvents(random, 300);
  const series = fold(wholePlan, events);
  const moments = Array.from({ length: 25 }, () => START + Math.floor(random() * (SPAN_MS + 2 * HOUR)));

  test('tiles give what the definitions say, at any moment', () => {
    for (const time of moments) {
      const seen = fold(
        wholePlan,
        events.filter((event) => event.time <= time),
      );
      expect(namedValues(wholePlan, windowValues(wholePlan, seen, time))).toEqual(namedValues(wholePlan, naiveValues(whole, events, time)));
    }
  });

  test('variances and decayed sums agree to rounding, percentiles to a hundredth', () => {
    const spec = specOf(near, SPANS);
    const plan = planOf(spec);
    for (const time of moments) {
      const seen = events.filter((event) => event.time <= time);
      const values = windowValues(plan, fold(plan, seen), time);
      const far = naiveValues(spec, events, time).flatMap((expected, i) => {
        const name = plan.names[i] ?? '';
        return isNear(values[i], expected, name.startsWith('p90') ? 0.0101 : 1e-6) ? [] : [{ name, expected, value: values[i] }];
      });
      expect(far).toEqual([]);
    }
  });

  test('any order of arrival gives the same bits', () => {
    for (let i = 0; i < 5; i += 1) expect(encodeSeries(fold(wholePlan, shuffled(events, random)))).toBe(encodeSeries(series));
  });

  test('any cut into parts, merged in any order and grouping, gives the same bits', () => {
    const cuts = [0, 50, 51, 200, 299, 300];
    const parts = cuts.slice(1).map((end, i) => fold(wholePlan, events.slice(cuts[i], end)));
    const left = emptySeries(wholePlan.layout);
    for (const part of shuffled(parts, random)) mergeDelta(left, part);
    const right = parts
      .map((part) => decodeSeries(encodeSeries(part)))
      .reduceRight((later, earlier) => (mergeDelta(earlier, later), earlier));
    expect(encodeSeries(left)).toBe(encodeSeries(series));
    expect(encodeSeries(right)).toBe(encodeSeries(series));
  });

  test('what was written is read back', () => {
    expect(decodeSeries(encodeSeries(series))).toEqual(series);
  });
});

describe('with days of events, of which only the last hours are kept tile by tile', () => {
  const random = randomFrom(7);
  const events = generateEvents(random, 250).map((event, i) => ({
    ...event,
    time: event.time + i * 10 * MINUTE,
    knownTime: event.knownTime + i * 10 * MINUTE,
  }));
  const pruned = (order: readonly ViewEvent[]): TileSeries => {
    const series = emptySeries(wholePlan.layout);
    for (const event of order) {
      mergeDelta(series, fold(wholePlan, [event]));
      prune(series, firstKeptTile(wholePlan, series), wholePlan.gathers);
    }
    return series;
  };

  test('dropping on the way and at the end keeps the same bits, whatever the order', () => {
    const atEnd = fold(wholePlan, events);
    prune(atEnd, firstKeptTile(wholePlan, atEnd), wholePlan.gathers);
    expect(atEnd.tiles.length).toBeLessThan(events.length / 2);
    for (let i = 0; i < 3; i += 1) expect(encodeSeries(pruned(shuffled(events, random)))).toBe(encodeSeries(atEnd));
  });

  test('all windows are still right, the lifetime too', () => {
    const last = Math.max(...events.map(({ time }) => time));
    for (const time of [last + 5 * MINUTE, last + 50 * MINUTE, last + 30 * HOUR])
      expect(namedValues(wholePlan, windowValues(wholePlan, pruned(events), time))).toEqual(
        namedValues(wholePlan, naiveValues(whole, events, time)),
      );
  });

  test('a moment before what is kept is not known, and not zero', () => {
    const series = pruned(events);
    expect(windowValues(wholePlan, series, START + HOUR)).toEqual(wholePlan.names.map(() => undefined));
  });
});

test('sums far beyond 2^53 millionths give the same bits in any order, and are read back', () => {
  const random = randomFrom(9);
  const plan = planOf(specOf([{ name: 'v', aggregation: 'variance', value: 'data.v' }], ['1h']));
  const events = Array.from({ length: 50 }, (_, i): ViewEvent => {
    return { id: `e${i}`, subject: 'x', data: { v: (random() - 0.4) * 1e15 }, time: START, knownTime: START };
  });
  const series = fold(plan, events);
  expect(typeof (series.columns[0] as SumColumn).sum?.[0]).toBe('bigint');
  for (let i = 0; i < 10; i += 1) expect(encodeSeries(fold(plan, shuffled(events, random)))).toBe(encodeSeries(series));
  expect(decodeSeries(encodeSeries(series))).toEqual(series);
});

const at = (time: number, knownTime = time): ViewEvent => ({
  id: 'e',
  subject: 'x',
  data: { v: 1, w: 1, ok: true, c: 'A', s: 's' },
  time,
  knownTime,
});

test('an event dated far in the future does not push the others out', () => {
  const now = START + HOUR;
  const series = fold(wholePlan, [at(now - 10 * MINUTE, now), at(now + 365 * 24 * HOUR, now)]);
  prune(series, firstKeptTile(wholePlan, series), wholePlan.gathers);
  expect(windowValues(wholePlan, series, now)[0]).toBe(1);
});

describe('a time-to-live', () => {
  const plan = planOf(specOf([{ name: 'count', aggregation: 'count' }], ['1h'], '2h'));
  const series = fold(plan, [at(START), at(START + 10 * MINUTE)]);

  test.each([
    ['within it the window speaks', START + 20 * MINUTE, 2],
    ['within it an empty window is 0', START + 2 * HOUR, 0],
    ['at its end too', START + 2 * HOUR + 10 * MINUTE, 0],
    ['within the tile of its end as well', START + 2 * HOUR + 15 * MINUTE - 1, 0],
    ['after it nothing is known', START + 2 * HOUR + 15 * MINUTE, undefined],
    ['before the first event nothing is known', START - HOUR, undefined],
  ])('%s', (_, time, expected) => {
    expect(windowValues(plan, series, time)).toEqual([expected]);
  });

  test('what was dropped still tells when the last event was', () => {
    const later = fold(plan, [at(START), at(START + 50 * HOUR)]);
    prune(later, firstKeptTile(plan, later), plan.gathers);
    expect(later.tiles).toHaveLength(1);
    expect(windowValues(plan, decodeSeries(encodeSeries(later)), START + 49 * HOUR)).toEqual([undefined]);
    const near = fold(plan, [at(START), at(START + 3 * HOUR)]);
    prune(near, firstKeptTile(plan, near), plan.gathers);
    expect(near.tiles).toHaveLength(1);
    expect(windowValues(plan, near, START + 2 * HOUR)).toEqual([0]);
  });
});

describe('the edges of a sliding window', () => {
  const [tile, time] = [wholePlan.tileMs, START + HOUR + 2 * MINUTE];
  const countAt = (eventTime: number): unknown => windowValues(wholePlan, fold(wholePlan, [at(eventTime)]), time)[0];

  test.each([
    ['at floor(t) − w', Math.floor(time / tile) * tile - 10 * MINUTE, 1],
    ['one millisecond before floor(t) − w', Math.floor(time / tile) * tile - 10 * MINUTE - 1, 0],
    ['one millisecond before floor(t)', Math.floor(time / tile) * tile - 1, 1],
    ['at floor(t)', Math.floor(time / tile) * tile, 0],
    ['at t', time, 0],
  ])('an event %s', (_, eventTime, expected) => {
    expect(countAt(eventTime)).toBe(expected);
  });
});
