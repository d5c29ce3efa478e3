/** What each kind of window means, in words and on six events: both the naive computation and Kafka Streams have to say the same. */
import type { WindowEvent, WindowSpec } from './window-spec.ts';

/** In the order of arrival: when the fourth comes, the stream time is 45. */
export const EXAMPLE_EVENTS: readonly WindowEvent[] = [
  { key: 'a', time: 20, value: 1 },
  { key: 'a', time: 30, value: 2 },
  { key: 'b', time: 45, value: 0.5 },
  { key: 'a', time: 29, value: 4 },
  { key: 'a', time: 30, value: -8 },
  { key: 'a', time: 41, value: 16 },
];

export interface Example {
  readonly words: string;
  readonly spec: WindowSpec;
  /** As `windowLines` writes them. */
  readonly lines: readonly string[];
}

const TAKEN = [
  'a [20, 30) 2 events, sum 5, min 1, max 4',
  'a [30, 40) 2 events, sum -6, min -8, max 2',
  'a [40, 50) 1 event, sum 16, min 16, max 16',
  'b [40, 50) 1 event, sum 0.5, min 0.5, max 0.5',
];
const JOINED = [
  'a [20, 30] 4 events, sum -1, min -8, max 4',
  'a [41, 41] 1 event, sum 16, min 16, max 16',
  'b [45, 45] 1 event, sum 0.5, min 0.5, max 0.5',
];

export const EXAMPLES: readonly Example[] = [
  {
    words: 'a tumbling window holds its start and not its end, which begins the next',
    spec: { kind: 'tumbling', sizeMs: 10 },
    lines: TAKEN,
  },
  {
    words: 'hopping windows start at multiples of the advance, and an event is in each that holds its time',
    spec: { kind: 'hopping', sizeMs: 10, advanceMs: 4 },
    lines: [
      'a [12, 22) 1 event, sum 1, min 1, max 1',
      'a [16, 26) 1 event, sum 1, min 1, max 1',
      'a [20, 30) 2 events, sum 5, min 1, max 4',
      'a [24, 34) 3 events, sum -2, min -8, max 4',
      'a [28, 38) 3 events, sum -2, min -8, max 4',
      'a [32, 42) 1 event, sum 16, min 16, max 16',
      'a [36, 46) 1 event, sum 16, min 16, max 16',
      'a [40, 50) 1 event, sum 16, min 16, max 16',
      'b [36, 46) 1 event, sum 0.5, min 0.5, max 0.5',
      'b [40, 50) 1 event, sum 0.5, min 0.5, max 0.5',
      'b [44, 54) 1 event, sum 0.5, min 0.5, max 0.5',
    ],
  },
  {
    words: 'a sliding window holds both its ends; one ends at each event, and one starts a millisecond after it unless that holds nothing',
    spec: { kind: 'sliding', differenceMs: 10 },
    lines: [
      'a [10, 20] 1 event, sum 1, min 1, max 1',
      'a [19, 29] 2 events, sum 5, min 1, max 4',
      'a [20, 30] 4 events, sum -1, min -8, max 4',
      'a [21, 31] 3 events, sum -2, min -8, max 4',
      'a [30, 40] 2 events, sum -6, min -8, max 2',
      'a [31, 41] 1 event, sum 16, min 16, max 16',
      'b [35, 45] 1 event, sum 0.5, min 0.5, max 0.5',
    ],
  },
  {
    words: 'a session ends where more than the gap lies between two events',
    spec: { kind: 'session', gapMs: 10 },
    lines: JOINED,
  },
  {
    words: 'a session goes on where exactly the gap lies between two events',
    spec: { kind: 'session', gapMs: 11 },
    lines: ['a [20, 41] 5 events, sum 15, min -8, max 16', 'b [45, 45] 1 event, sum 0.5, min 0.5, max 0.5'],
  },
  {
    words: 'two sessions become one when an event between them comes late',
    spec: { kind: 'session', gapMs: 9 },
    lines: JOINED,
  },
  {
    words: 'a window takes late events until the stream time is its end and the grace',
    spec: { kind: 'tumbling', sizeMs: 10, graceMs: 16 },
    lines: TAKEN,
  },
  {
    words: 'a window takes none any more when the stream time, of any key, is its end and the grace',
    spec: { kind: 'tumbling', sizeMs: 10, graceMs: 15 },
    lines: ['a [20, 30) 1 event, sum 1, min 1, max 1', ...TAKEN.slice(1)],
  },
  {
    words: 'an event can be late for one hopping window and in time for the next',
    spec: { kind: 'hopping', sizeMs: 10, advanceMs: 4, graceMs: 10 },
    lines: [
      'a [12, 22) 1 event, sum 1, min 1, max 1',
      'a [16, 26) 1 event, sum 1, min 1, max 1',
      'a [20, 30) 1 event, sum 1, min 1, max 1',
      'a [24, 34) 1 event, sum 2, min 2, max 2',
      'a [28, 38) 3 events, sum -2, min -8, max 4',
      'a [32, 42) 1 event, sum 16, min 16, max 16',
      'a [36, 46) 1 event, sum 16, min 16, max 16',
      'a [40, 50) 1 event, sum 16, min 16, max 16',
      'b [36, 46) 1 event, sum 0.5, min 0.5, max 0.5',
      'b [40, 50) 1 event, sum 0.5, min 0.5, max 0.5',
      'b [44, 54) 1 event, sum 0.5, min 0.5, max 0.5',
    ],
  },
  {
    words: 'a session takes late events until the stream time is beyond its end, the gap and the grace, with what the event joins',
    spec: { kind: 'session', gapMs: 9, graceMs: 6 },
    lines: JOINED,
  },
  {
    words: 'a session takes none any more after that, and what it would have joined stays apart',
    spec: { kind: 'session', gapMs: 9, graceMs: 5 },
    lines: [
      'a [20, 20] 1 event, sum 1, min 1, max 1',
      'a [30, 30] 1 event, sum 2, min 2, max 2',
      'a [41, 41] 1 event, sum 16, min 16, max 16',
      'b [45, 45] 1 event, sum 0.5, min 0.5, max 0.5',
    ],
  },
];
