/** Feature values in the words of their definitions: from raw events, without tiles, sums of floats or expressions. For tests only. */
import type { FeatureSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { ViewEvent } from '../src/event-scope.ts';
import type { FeatureValue, Scalar } from '../src/feature-value.ts';

/** What the generated events of tests carry. `v` and `w` are whole thousandths. */
export interface Reading {
  readonly v: number | null;
  readonly w: number | null;
  readonly ok: boolean;
  readonly c: string;
  readonly s: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const ms = (text: string): number => Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? NaN);
const floorTo = (time: number, step: number): number => Math.floor(time / step) * step;

/** The events that a window at `time` is about, and the moment that its values are those of. */
export function windowOf(text: string, tile: string, events: readonly ViewEvent[], time: number): { events: ViewEvent[]; until: number } {
  const [kind = '', length = '', , other = ''] = text.split(' ');
  const until = floorTo(time, ms(tile));
  const before = (moment: number): ViewEvent[] => events.filter((event) => event.time < moment);
  if (text === 'lifetime') return { events: before(until), until };
  if (kind === 'session')
    return { events: sessionBefore(before(until), until, ms(length)).filter((event) => event.time >= until - ms(other || '24h')), until };
  const size = ms(kind === 'tumbling' || kind === 'hopping' ? length : text);
  const step = kind === 'hopping' ? ms(other) : kind === 'tumbling' ? size : ms(tile);
  const end = floorTo(time, step);
  return { events: before(end).filter((event) => event.time >= end - size), until: end };
}

/** Walks back from `until` while no pause is longer than the gap. */
function sessionBefore(events: readonly ViewEvent[], until: number, gap: number): ViewEvent[] {
  const latestFirst = [...events].sort((a, b) => b.time - a.time);
  let next = until;
  const ends = latestFirst.findIndex((event) => {
    const isApart = next - event.time > gap;
    next = event.time;
    return isApart;
  });
  return ends < 0 ? latestFirst : latestFirst.slice(0, ends);
}

/** The values of every feature and window, in the order of the view's names. */
export function naiveValues(spec: FeatureViewSpec, events: readonly ViewEvent[], time: number): FeatureValue[] {
  const all = spec.features.flatMap((feature) => (feature.categories ?? [undefined]).map((category) => ({ feature, category })));
  return all.flatMap(({ feature, category }) =>
    spec.windows.map((text) => {
      const window = windowOf(text, spec.tile, events, time);
      const counted = window.events.filter(({ data }) => {
        const { ok, c } = data as Reading;
        return (feature.where === undefined || ok) && (category === undefined || c === category);
      });
      return naiveValue(feature, counted, window.until);
    }),
  );
}

const thousandths = (values: readonly number[]): number => values.reduce((sum, value) => sum + Math.round(value * 1_000), 0);
const mean = (values: readonly number[]): number => thousandths(values) / (values.length * 1_000);
const latestLast = (a: ViewEvent, b: ViewEvent): number => a.time - b.time || (a.id < b.id ? -1 : 1);

function naiveValue(feature: FeatureSpec, events: readonly ViewEvent[], until: number): FeatureValue {
  const numbers = events.flatMap(({ data }) => (data as Reading).v ?? []);
  const ordered = [...events].sort(latestLast).flatMap(({ data }): Scalar[] => {
    const { v, s } = data as Reading;
    return feature.type === 'string' ? [s] : v === null ? [] : [v];
  });
  const k = feature.k ?? 1;
  switch (feature.aggregation) {
    case 'count':
      return events.length;
    case 'sum':
      return thousandths(numbers) / 1_000;
    case 'mean':
      return numbers.length === 0 ? null : mean(numbers);
    case 'share':
      return events.length === 0 ? null : events.filter(({ data }) => (data as Reading).ok).length / events.length;
    case 'ratio':
      return ratioOf(events);
    case 'variance':
      return varianceOf(numbers);
    case 'stddev':
      return numbers.length < 2 ? null : Math.sqrt(varianceOf(numbers) ?? NaN);
    case 'min':
      return numbers.length === 0 ? null : Math.min(...numbers);
    case 'max':
      return numbers.length === 0 ? null : Math.max(...numbers);
    case 'first':
      return ordered[0] ?? null;
    case 'last':
      return ordered.at(-1) ?? null;
    case 'firstK':
      return ordered.slice(0, k);
    case 'lastK':
      return ordered.toReversed().slice(0, k);
    case 'topK':
      return ordered.toSorted((a, b) => (a < b ? 1 : -1)).slice(0, k);
    case 'distinct':
      return new Set(events.map(({ data }) => (data as Reading).s)).size;
    case 'percentile':
      return numbers.toSorted((a, b) => a - b)[Math.floor((feature.quantile ?? 0) * (numbers.length - 1))] ?? null;
    case 'decayedSum':
      return events.reduce(
        (sum, { data, time }) => sum + ((data as Reading).v ?? 0) * 2 ** (-(until - time) / ms(feature.halfLife ?? '')),
        0,
      );
  }
}

function ratioOf(events: readonly ViewEvent[]): number | null {
  const pairs = events.map(({ data }) => data as Reading).filter(({ v, w }) => v !== null && w !== null);
  const per = thousandths(pairs.map(({ w }) => w ?? 0));
  return per === 0 ? null : thousandths(pairs.map(({ v }) => v ?? 0)) / per;
}

function varianceOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
