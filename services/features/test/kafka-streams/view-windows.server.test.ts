/** The windows of feature views are those of Kafka Streams: the same windows, the same values, on the same events. */
import { addEvent, emptySeries, type TileSeries } from '@roofshot/feature-defs/tiles';
import { compileView, windowValues, type ViewPlan } from '@roofshot/feature-defs/view-plan';
import { generateEvents } from './generate-events.ts';
import { runWindowOracle, type OracleWindow } from './run-oracle.ts';
import { slidingAt } from './sliding-at.ts';
import type { WindowEvent, WindowSpec, WindowTotals } from './window-spec.ts';

/** The first time, Kafka Streams is fetched and the oracle compiled. */
const FETCH_MS = 300_000;
const TILE_MS = 1_000;
const SIZE_MS = 10_000;

/** As a view declares a window, and as Kafka Streams does. */
const TUMBLING: WindowSpec = { kind: 'tumbling', sizeMs: SIZE_MS };
const HOPPING: WindowSpec = { kind: 'hopping', sizeMs: SIZE_MS, advanceMs: 2_000 };
const SLIDING: WindowSpec = { kind: 'sliding', differenceMs: SIZE_MS - 1 };
const SESSION: WindowSpec = { kind: 'session', gapMs: SIZE_MS };

function planOf(window: string): ViewPlan {
  const spec = {
    entity: 'sensor',
    source: { eventType: 'sensor.read', keys: { sensor: 'subject' } },
    tile: '1s',
    windows: [window],
    features: [
      { name: 'count', aggregation: 'count' as const },
      { name: 'sum', aggregation: 'sum' as const, value: 'data.value' },
      { name: 'min', aggregation: 'min' as const, value: 'data.value' },
      { name: 'max', aggregation: 'max' as const, value: 'data.value' },
    ],
  };
  return compileView({ name: 'readings', generation: 1, spec }, { keys: ['sensor'] });
}

/** What the view says of a key at a moment, from the events that had arrived with an earlier event time. */
function valuesAt(plan: ViewPlan, events: readonly WindowEvent[], { key, time }: { key: string; time: number }): unknown[] {
  const series: TileSeries = emptySeries(plan.layout);
  for (const [i, event] of events.entries()) {
    if (event.key !== key || event.time >= time) continue;
    const read = { id: `e${i}`, data: { value: event.value }, subject: key, time: event.time, knownTime: event.time };
    const contribution = plan.contributionOf(read);
    if (contribution !== undefined) addEvent(series, contribution);
  }
  return windowValues(plan, series, time);
}

const totalsOf = ({ count, sumMillionths, min, max }: WindowTotals): unknown[] => [count, Number(sumMillionths) / 1e6, min, max];
const NOTHING = [0, 0, null, null];
const tileEndAfter = (time: number): number => (Math.floor(time / TILE_MS) + 1) * TILE_MS;

describe.each([11, 12, 13])('on events out of order, repeated, at equal times, with gaps, negative and huge (seed %d)', (seed) => {
  const events = generateEvents(400, seed);
  let windows: OracleWindow[] = [];
  const windowsOf = (spec: WindowSpec): OracleWindow[] => windows.filter((window) => window.spec === spec);

  beforeAll(async () => {
    windows = await runWindowOracle(events, [TUMBLING, HOPPING, SLIDING, SESSION]);
  }, FETCH_MS);

  test.each([
    ['tumbling 10s', TUMBLING],
    ['hopping 10s by 2s', HOPPING],
  ])('`%s` at the end of a window is that window', (text, spec) => {
    const plan = planOf(text);
    const found = windowsOf(spec);
    expect(found.length).toBeGreaterThan(50);
    expect(found.map(({ key, end }) => valuesAt(plan, events, { key, time: end }))).toEqual(found.map(totalsOf));
  });

  test('`10s` at any second is the sliding window of what lies in it', () => {
    const plan = planOf('10s');
    const sliding = windowsOf(SLIDING);
    const moments = events.flatMap(({ key, time }) =>
      [1, 4, 10, 11].map((later) => ({ key, time: tileEndAfter(time) + (later - 1) * TILE_MS })),
    );
    const expected = moments.map(({ key, time }) => slidingAt(sliding, events, { key, at: time - 1, differenceMs: SIZE_MS - 1 }));
    expect(expected.filter((window) => window === undefined).length).toBeGreaterThan(10);
    expect(moments.map((moment) => valuesAt(plan, events, moment))).toEqual(
      expected.map((window) => (window === undefined ? NOTHING : totalsOf(window))),
    );
  });

  test('`session 10s` is the session that is going on, until more than the gap has passed', () => {
    const plan = planOf('session 10s within 2h');
    const sessions = windowsOf(SESSION);
    expect(sessions.filter(({ count }) => count > 1).length).toBeGreaterThan(10);
    expect(sessions.map(({ key, end }) => valuesAt(plan, events, { key, time: tileEndAfter(end) }))).toEqual(sessions.map(totalsOf));
    const over = sessions.map(({ key, end }) => ({ key, end, time: tileEndAfter(end + SIZE_MS) }));
    const ended = over.filter(({ key, end, time }) => !sessions.some((next) => next.key === key && next.start > end && next.start < time));
    expect(ended.length).toBeGreaterThan(10);
    expect(ended.map((moment) => valuesAt(plan, events, moment))).toEqual(ended.map(() => NOTHING));
  });
});
