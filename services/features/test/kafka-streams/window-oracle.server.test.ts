/** The oracle itself: Kafka Streams' windows are those of `naive-windows.ts`, and where they are not, what they are. */
import { EXAMPLE_EVENTS, EXAMPLES } from './examples.ts';
import { generateEvents } from './generate-events.ts';
import { naiveWindows } from './naive-windows.ts';
import { runWindowOracle, type OracleWindow } from './run-oracle.ts';
import { slidingAt } from './sliding-at.ts';
import { windowLines, type WindowEvent, type WindowSpec, type WindowTotals } from './window-spec.ts';

/** The first time, Kafka Streams is fetched and the oracle compiled: half a minute, on a slow line some. */
const FETCH_MS = 300_000;

const at = (key: string, time: number, value = 1): WindowEvent => ({ key, time, value });

/** Those of one spec, of windows that were computed for several. */
function linesOf(windows: readonly OracleWindow[], spec: WindowSpec): string[] {
  const own = windows.filter((window) => window.spec === spec);
  return windowLines(own, spec);
}

describe('on six events', () => {
  let windows: OracleWindow[] = [];
  beforeAll(async () => {
    const specs = EXAMPLES.map(({ spec }) => spec);
    windows = await runWindowOracle(EXAMPLE_EVENTS, specs);
  }, FETCH_MS);

  it.each(EXAMPLES)('$words', ({ spec, lines }) => {
    expect(linesOf(windows, spec)).toEqual(lines);
  });
});

const TEN_SECONDS: WindowSpec = { kind: 'sliding', differenceMs: 10_000 };
const SPECS: readonly WindowSpec[] = [
  { kind: 'tumbling', sizeMs: 10_000 },
  { kind: 'tumbling', sizeMs: 1 },
  { kind: 'tumbling', sizeMs: 10_000, graceMs: 0 },
  { kind: 'tumbling', sizeMs: 10_000, graceMs: 50_000 },
  { kind: 'hopping', sizeMs: 10_000, advanceMs: 1_000 },
  { kind: 'hopping', sizeMs: 10_000, advanceMs: 3_000 },
  { kind: 'hopping', sizeMs: 10_000, advanceMs: 3_000, graceMs: 20_000 },
  { kind: 'sliding', differenceMs: 1 },
  { kind: 'sliding', differenceMs: 999 },
  TEN_SECONDS,
  { kind: 'sliding', differenceMs: 60_000 },
  { kind: 'session', gapMs: 0 },
  { kind: 'session', gapMs: 1_000 },
  { kind: 'session', gapMs: 10_000 },
  { kind: 'session', gapMs: 1_000, graceMs: 0 },
  { kind: 'session', gapMs: 10_000, graceMs: 1_000 },
  { kind: 'session', gapMs: 10_000, graceMs: 100_000 },
];

describe.each([1, 2, 3])('on events out of order, repeated, at equal times, with gaps, negative and huge (seed %d)', (seed) => {
  const events = generateEvents(500, seed);
  let windows: OracleWindow[] = [];
  beforeAll(async () => {
    windows = await runWindowOracle(events, SPECS);
  }, FETCH_MS);

  it.each(SPECS.map((spec) => [JSON.stringify(spec), spec] as const))('Kafka Streams has the windows of the definition: %s', (_, spec) => {
    expect(linesOf(windows, spec)).toEqual(windowLines(naiveWindows(events, spec), spec));
  });

  it('what any interval holds is one of the sliding windows', () => {
    const sliding = windows.filter(({ spec }) => spec === TEN_SECONDS);
    const asked = events.flatMap(({ key, time }) => [-1, 0, 1, 4_321, 10_000, 10_001].map((after) => ({ key, at: time + after })));
    const found = asked.map((question) => slidingAt(sliding, events, { ...question, differenceMs: 10_000 }));
    expect(found.map(contentOf)).toEqual(asked.map((question) => contentOf(heldBy(events, question))));
  });
});

/** The events of the key in the ten seconds up to and including `at`, as one session. */
function heldBy(events: readonly WindowEvent[], { key, at: end }: { key: string; at: number }): WindowTotals | undefined {
  const held = events.filter((event) => event.key === key && end - 10_000 <= event.time && event.time <= end);
  return naiveWindows(held, { kind: 'session', gapMs: 10_000 })[0];
}

function contentOf(window: WindowTotals | undefined): string {
  return window === undefined ? 'nothing' : `${window.count} ${window.sumMillionths} ${window.min} ${window.max}`;
}

describe('where Kafka Streams has windows of its own', () => {
  it('none begins before the epoch: hopping ones are left out, and the first sliding one takes all events up to the difference', async () => {
    const hopping = { kind: 'hopping', sizeMs: 10, advanceMs: 4 } as const;
    const sliding = { kind: 'sliding', differenceMs: 10 } as const;
    const windows = await runWindowOracle([at('a', 3), at('a', 8, 2), at('a', 15, 4)], [hopping, sliding]);
    expect(linesOf(windows, hopping)).toEqual([
      'a [0, 10) 2 events, sum 3, min 1, max 2',
      'a [4, 14) 1 event, sum 2, min 2, max 2',
      'a [8, 18) 2 events, sum 6, min 2, max 4',
      'a [12, 22) 1 event, sum 4, min 4, max 4',
    ]);
    expect(linesOf(windows, sliding)).toEqual([
      'a [0, 10] 2 events, sum 3, min 1, max 2',
      'a [4, 14] 1 event, sum 2, min 2, max 2',
      'a [5, 15] 2 events, sum 6, min 2, max 4',
      'a [9, 19] 1 event, sum 4, min 4, max 4',
    ]);
  });

  it('with a grace, an event whose own sliding windows are closed is missing in later ones that are still open', async () => {
    const events = [at('b', 115), at('a', 112), at('a', 116, 2)];
    const spec: WindowSpec = { kind: 'sliding', differenceMs: 10, graceMs: 0 };
    expect(linesOf(await runWindowOracle(events, [spec]), spec)).toEqual([
      'a [106, 116] 1 event, sum 2, min 2, max 2', // 112 came when the stream time was 115
      'b [105, 115] 1 event, sum 1, min 1, max 1',
    ]);
  });
});

describe('what the oracle cannot take', () => {
  const tumbling: WindowSpec = { kind: 'tumbling', sizeMs: 10 };

  it.each([
    [at('a', -1), 'Event 0 has the time -1: Kafka has whole milliseconds from 1970 on.'],
    [at('a', 1, 1e-7), '1e-7 is not a decimal with at most six digits after the point'],
  ])('is refused with the reason: %j', async (event, reason) => {
    await expect(runWindowOracle([event], [tumbling])).rejects.toThrow(reason);
  });

  it('is told in the words of Kafka Streams when it is the windows', async () => {
    await expect(runWindowOracle([at('a', 1)], [{ kind: 'hopping', sizeMs: 10, advanceMs: 11 }])).rejects.toThrow(
      /The windows were not computed: Window advancement interval should be .* less than window duration which is 10 ms/,
    );
  });
});
