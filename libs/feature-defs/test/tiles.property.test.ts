import { decodeSeries, encodeSeries } from '../src/online-rows.ts';
import { addEvent, emptySeries, mergeDelta, prune, type TileSeries } from '../src/tiles.ts';
import { firstKeptTile, windowValues, type ViewEvent, type ViewPlan } from '../src/view-plan.ts';
import { windowAt } from '../src/windows.ts';
import { flightDefinitions } from './flight-definitions.ts';
import { randomFrom, shuffled } from './random.ts';

const plan = flightDefinitions().views().get('airport-landings') as ViewPlan;
const START = Date.parse('2001-01-15T00:00:00Z');
const SPAN_MS = 4 * 3_600_000;

interface Landing {
  readonly destination: string;
  readonly delay: number | null;
  readonly diverted: boolean;
}

function generateEvents(random: () => number, count: number): ViewEvent[] {
  return Array.from({ length: count }, () => {
    const time = START + Math.floor(random() * SPAN_MS);
    const delay = random() < 0.1 ? null : Math.round((random() * 400 - 60) * 1000) / 1000;
    const data: Landing = { destination: 'ORD', delay, diverted: random() < 0.05 };
    return { data, subject: 's', time, knownTime: time + Math.floor(random() * 600_000) };
  });
}

function fold(events: readonly ViewEvent[]): TileSeries {
  const series = emptySeries(plan.aggregations);
  for (const event of events) {
    const contribution = plan.contributionOf(event);
    if (contribution !== undefined) addEvent(series, contribution);
  }
  return series;
}

/** The definition in words, from the raw events: whole thousandths, as the generated delays are, and no tiles. */
function recompute(events: readonly ViewEvent[], time: number): (number | null)[] {
  const counted = events.filter(({ data }) => !(data as Landing).diverted);
  const perWindow = plan.windows.map(({ ms }) => {
    const { from, to } = windowAt(time, plan.tileMs, ms);
    const inside = counted.filter((event) => event.time >= from && event.time < to);
    const delays = inside.flatMap(({ data }) => (data as Landing).delay ?? []);
    const thousandths = (values: number[]): number => values.reduce((sum, value) => sum + Math.round(value * 1000), 0);
    const meanOf = (values: number[]): number | null => (values.length === 0 ? null : thousandths(values) / (values.length * 1000));
    const clipped = delays.map((delay) => Math.min(Math.max(delay, -30), 180));
    return [inside.length, thousandths(delays) / 1000, meanOf(clipped), meanOf(delays.map((delay) => Number(delay > 15)))];
  });
  return plan.features.flatMap((_, i) => perWindow.map((values) => values[i] ?? null));
}

describe.each([1, 2, 3, 4, 5])('with generated events (seed %i)', (seed) => {
  const random = randomFrom(seed);
  const events = generateEvents(random, 400);
  const whole = fold(events);

  test('tiles give what the definition gives, at any moment', () => {
    for (let i = 0; i < 60; i += 1) {
      const time = START + Math.floor(random() * (SPAN_MS + 3_600_000));
      const fromTiles = windowValues(plan, fold(events.filter((event) => event.time <= time)), time);
      expect(fromTiles).toEqual(recompute(events, time));
    }
  });

  test('any order of arrival gives the same bits', () => {
    for (let i = 0; i < 10; i += 1) expect(encodeSeries(fold(shuffled(events, random)))).toBe(encodeSeries(whole));
  });

  test('any cut into parts, merged in any order and grouping, gives the same bits', () => {
    const cuts = [0, 50, 51, 200, 399, 400];
    const parts = cuts.slice(1).map((end, i) => fold(events.slice(cuts[i], end)));
    const left = emptySeries(plan.aggregations);
    for (const part of shuffled(parts, random)) mergeDelta(left, part);
    const right = parts
      .map((part) => decodeSeries(encodeSeries(part)))
      .reduceRight((later, earlier) => (mergeDelta(earlier, later), earlier));
    expect(encodeSeries(left)).toBe(encodeSeries(whole));
    expect(encodeSeries(right)).toBe(encodeSeries(whole));
  });

  test('what was written is read back', () => {
    expect(decodeSeries(encodeSeries(whole))).toEqual(whole);
  });
});

test('pruning drops the same tiles whether it is done on the way or at the end', () => {
  const random = randomFrom(7);
  const days = Array.from({ length: 300 }, (_, i) => ({ ...(generateEvents(random, 1)[0] as ViewEvent), i }));
  const events = days.map((event, i) => ({ ...event, time: event.time + i * 600_000, knownTime: event.knownTime + i * 600_000 }));
  const atEnd = fold(events);
  prune(atEnd, firstKeptTile(plan, atEnd));
  const onTheWay = emptySeries(plan.aggregations);
  for (const event of shuffled(events, random)) {
    mergeDelta(onTheWay, fold([event]));
    prune(onTheWay, firstKeptTile(plan, onTheWay));
  }
  expect(atEnd.tiles.length).toBeLessThan(events.length / 2);
  expect(encodeSeries(onTheWay)).toBe(encodeSeries(atEnd));
});

test('sums far beyond 2^53 millionths give the same bits in any order, and are read back', () => {
  const random = randomFrom(9);
  const events = Array.from({ length: 50 }, (): ViewEvent => {
    const delay = (random() - 0.4) * 1e15;
    return { data: { destination: 'ORD', delay, diverted: false }, time: START, knownTime: START };
  });
  const whole = fold(events);
  expect(typeof whole.columns[1]?.sum[0]).toBe('bigint');
  for (let i = 0; i < 10; i += 1) expect(encodeSeries(fold(shuffled(events, random)))).toBe(encodeSeries(whole));
  expect(decodeSeries(encodeSeries(whole))).toEqual(whole);
});

test('an event dated far in the future does not push the others out', () => {
  const now = START + 3_600_000;
  const event = (time: number, knownTime: number): ViewEvent => ({
    data: { destination: 'ORD', delay: 5, diverted: false },
    time,
    knownTime,
  });
  const series = fold([event(now - 600_000, now), event(now + 365 * 86_400_000, now)]);
  prune(series, firstKeptTile(plan, series));
  expect(windowValues(plan, series, now)[0]).toBe(1);
});

describe('the edges of a window', () => {
  const tile = plan.tileMs;
  const at = START + 3_600_000 + 120_000;
  const countAt = (time: number): unknown =>
    windowValues(plan, fold([{ data: { destination: 'ORD', delay: 0, diverted: false }, time, knownTime: time }]), at)[0];

  test.each([
    ['at floor(t) − w', Math.floor(at / tile) * tile - 600_000, 1],
    ['one millisecond before floor(t) − w', Math.floor(at / tile) * tile - 600_001, 0],
    ['one millisecond before floor(t)', Math.floor(at / tile) * tile - 1, 1],
    ['at floor(t)', Math.floor(at / tile) * tile, 0],
    ['at t', at, 0],
  ])('an event %s', (_, time, expected) => {
    expect(countAt(time)).toBe(expected);
  });
});
