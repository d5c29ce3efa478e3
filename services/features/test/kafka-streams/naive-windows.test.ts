import { EXAMPLE_EVENTS, EXAMPLES } from './examples.ts';
import { generateEvents } from './generate-events.ts';
import { naiveWindows } from './naive-windows.ts';
import { slidingAt } from './sliding-at.ts';
import { windowLines, type WindowEvent } from './window-spec.ts';

const at = (time: number, value: number): WindowEvent => ({ key: 'a', time, value });

describe('generated events', () => {
  const events = generateEvents(500, 1);
  const steps = events.slice(1).map(({ time }, i) => time - (events[i]?.time ?? 0));

  it('have what windows may get wrong', () => {
    expect(steps.filter((step) => step < 0).length).toBeGreaterThan(50);
    expect(steps.filter((step) => step > 60_000).length).toBeGreaterThan(5);
    expect(new Set(events).size).toBeLessThan(470); // the others are repeated
    expect(new Set(events.map(({ key, time }) => `${key} ${time}`)).size).toBeLessThan(450);
    expect(events.filter(({ value }) => value < 0).length).toBeGreaterThan(100);
    expect(Math.max(...events.map(({ value }) => value))).toBeGreaterThan(9e14);
  });

  it('are the same for the same seed, and others for another', () => {
    expect(generateEvents(500, 1)).toEqual(events);
    expect(generateEvents(500, 2)).not.toEqual(events);
  });
});

describe('windows computed from their definitions', () => {
  it.each(EXAMPLES)('$words', ({ spec, lines }) => {
    expect(windowLines(naiveWindows(EXAMPLE_EVENTS, spec), spec)).toEqual(lines);
  });

  it('sum exactly, also what is huge and what is small', () => {
    const spec = { kind: 'tumbling', sizeMs: 10 } as const;
    const lines = windowLines(naiveWindows([at(1, 1e15), at(2, 0.000001), at(3, -1e15), at(4, -0.000003)], spec), spec);
    expect(lines).toEqual(['a [0, 10) 4 events, sum -0.000002, min -1000000000000000, max 1000000000000000']);
  });

  it('reach before the epoch as they do after it', () => {
    const spec = { kind: 'tumbling', sizeMs: 10 } as const;
    expect(windowLines(naiveWindows([at(-1, 1), at(-10, 2), at(-11, 4)], spec), spec)).toEqual([
      'a [-20, -10) 1 event, sum 4, min 4, max 4',
      'a [-10, 0) 2 events, sum 3, min 1, max 2',
    ]);
  });

  it('do not depend on the order of arrival without a grace', () => {
    const events = generateEvents(200, 4);
    const backwards = events.toReversed();
    for (const { spec } of EXAMPLES.filter(({ spec: { graceMs } }) => graceMs === undefined))
      expect(windowLines(naiveWindows(backwards, spec), spec)).toEqual(windowLines(naiveWindows(events, spec), spec));
  });

  it('refuse a value that is finer than a millionth, which exact sums cannot hold', () => {
    expect(() => naiveWindows([at(1, 0.1234567)], { kind: 'tumbling', sizeMs: 10 })).toThrow(
      '0.1234567 is not a decimal with at most six digits after the point: round the value to millionths first.',
    );
  });

  it('refuse sliding windows with a grace, which Kafka Streams fills depending on those before', () => {
    expect(() => naiveWindows([at(1, 1)], { kind: 'sliding', differenceMs: 10, graceMs: 0 })).toThrow('leave graceMs out');
  });
});

describe('what an interval holds, read from sliding windows', () => {
  const events = [at(20, 1), at(25, 2), at(40, 4)];
  const windows = naiveWindows(events, { kind: 'sliding', differenceMs: 10 });
  const sumAt = (time: number): bigint | undefined => slidingAt(windows, events, { key: 'a', at: time, differenceMs: 10 })?.sumMillionths;

  it.each([
    ['ends at an event', 25, 3_000_000n],
    ['ends between two events', 27, 3_000_000n],
    ['has lost the first event', 31, 2_000_000n],
    ['holds an event at its start', 35, 2_000_000n],
    ['ends after the last event', 50, 4_000_000n],
  ])('is one window of them when it %s', (_, time, sum) => {
    expect(sumAt(time)).toBe(sum);
  });

  it.each([19, 36, 39, 51])('is nothing when it holds no event (at %d)', (time) => {
    expect(sumAt(time)).toBeUndefined();
  });
});
