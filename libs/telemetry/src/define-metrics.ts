import { currentContext } from './context.ts';
import { record, SeriesTable, type MetricDefinition, type MetricKind, type Series, type SeriesReading } from './metric-series.ts';
import type { MetricSink } from './metric-sink.ts';
import { TAG_NAMES, type TagName } from './metric-tags.ts';

interface MetricShape<K extends MetricKind, T extends TagName> {
  readonly kind: K;
  readonly help: string;
  readonly tags: readonly T[];
}

interface ShapeOf<K extends MetricKind> {
  (help: string): MetricShape<K, never>;
  <const T extends TagName>(help: string, tags: readonly T[]): MetricShape<K, T>;
}

type AnyShape = MetricShape<MetricKind, TagName>;

/** `<noun>.<verb or unit>`; a timing ends in `.ms`. */
type MetricKey = `${string}.${string}`;

/** Value first, then exactly the declared tags. Only a counter without tags may leave its amount out (1). */
type Measure<S> =
  S extends MetricShape<infer K, infer T>
    ? [T] extends [never]
      ? K extends 'counter'
        ? (amount?: number) => void
        : (value: number) => void
      : (value: number, tags: Readonly<Record<T, string>>) => void
    : never;

export type Metrics<D extends Record<MetricKey, AnyShape>> = { readonly [K in keyof D]: Measure<D[K]> };

/** In place of a service's name: the service of the context in which the measurement is made. For libraries that all services use. */
export const anyService = '<service>';

/** The service's name in metrics that are measured outside of every service's context. */
const NO_SERVICE = 'process';

const SERVICE = /^[a-z][a-z0-9-]*$/;
const KEY = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;

const tables = new Map<string, { readonly definition: MetricDefinition; readonly series: SeriesTable }>();
const sinks = new Set<MetricSink>();

/** A number that only grows: `total` is its sum. Rates are the reader's business. */
export const counter = shapeOf('counter');

/** A number that goes up and down: its last value counts. Set it to 0 when its owner lets go (a partition, a lease). */
export const gauge = shapeOf('gauge');

/** Durations in milliseconds; the server makes percentiles of them. */
export const timing = shapeOf('timing');

/**
 * Defines a service's metrics, once, in its metrics.ts:
 * `defineMetrics('ingestion', { 'events.accepted': counter('Events accepted, by their type.', ['type']) })` gives
 * `metrics['events.accepted'](1, { type })`, sent as `roofshot.ingestion.events.accepted`. A tag that is not declared, or not on
 * the list of tags, does not compile. Throws when a name has another form or is taken.
 */
export function defineMetrics<const D extends Record<MetricKey, AnyShape>>(service: string, definitions: D): Metrics<D> {
  if (service !== anyService && !SERVICE.test(service)) {
    throw new Error(`Metrics cannot be defined for service "${service}". Use the service's name in kebab-case, or anyService.`);
  }
  const measures = Object.entries(definitions).map(([key, shape]) => [key, defineMetric(service, key, shape)]);
  return Object.fromEntries(measures) as Metrics<D>;
}

/** Every metric defined by the modules that are loaded, by name. */
export function allMetrics(): MetricDefinition[] {
  return [...tables.values()].map(({ definition }) => definition).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What this process has measured so far, one reading a series; metrics that were never measured have none. */
export function snapshot(): SeriesReading[] {
  return [...tables.values()].flatMap(({ series }) => series.readings());
}

/** Sends every further measurement to `sink` too; returns the way to stop it. */
export function sendMetricsTo(sink: MetricSink): () => void {
  sinks.add(sink);
  return () => void sinks.delete(sink);
}

type Tags = Readonly<Partial<Record<TagName, string>>>;

const NO_TAGS: Tags = {};

function shapeOf<K extends MetricKind>(kind: K): ShapeOf<K> {
  function shape(help: string): MetricShape<K, never>;
  function shape<const T extends TagName>(help: string, tags: readonly T[]): MetricShape<K, T>;
  function shape(help: string, tags: readonly TagName[] = []): MetricShape<K, TagName> {
    return { kind, help, tags };
  }
  return shape;
}

function defineMetric(service: string, key: string, shape: AnyShape): (value?: number, tags?: Tags) => void {
  const name = `roofshot.${service}.${key}`;
  refuseBadShape(name, key, shape);
  const { kind, help, tags } = shape;
  const series = new SeriesTable({ name, kind, help, tags });
  tables.set(name, { definition: { name, kind, help, tags }, series });
  return (value = 1, values = NO_TAGS) => {
    const wireName = service === anyService ? name.replace(anyService, currentContext().service ?? NO_SERVICE) : name;
    measure(kind, series.find(wireName, values), value);
  };
}

function refuseBadShape(name: string, key: string, shape: AnyShape): void {
  const strange = shape.tags.find((tag) => !TAG_NAMES.includes(tag));
  if (!KEY.test(key)) throw new Error(`Metric ${name} has a name of another form than <noun>.<verb or unit> in kebab-case. Rename it.`);
  if ((shape.kind === 'timing') !== key.endsWith('.ms'))
    throw new Error(`Metric ${name} is a ${shape.kind}: timings, and only they, end in ".ms". Rename it.`);
  if (strange !== undefined)
    throw new Error(
      `Metric ${name} has the tag "${String(strange)}", which is not in TAG_NAMES. Ids are no tags; other names can be added there.`,
    );
  if (tables.has(name)) throw new Error(`Metric ${name} is defined twice. Define it in one place and import it from there.`);
}

const SEND: Record<MetricKind, (sink: MetricSink, series: Series, value: number) => void> = {
  counter: (sink, { name, tags }, value) => sink.count(name, value, tags),
  gauge: (sink, { name, tags }, value) => sink.gauge(name, value, tags),
  timing: (sink, { name, tags }, value) => sink.timing(name, value, tags),
};

/** A value that is no finite number would poison every sum, and servers drop a line with it: it is left out, and counted. */
function measure(kind: MetricKind, series: Series, value: number): void {
  if (!Number.isFinite(value) || (kind !== 'gauge' && value < 0)) {
    own['measurements.refused'](1, { metric: series.name });
    return;
  }
  record(series, value);
  for (const sink of sinks) SEND[kind](sink, series, value);
}

const own = defineMetrics('process', {
  'measurements.refused': counter(
    'Measurements left out because their value was no finite number, or negative where that has no meaning.',
    ['metric'],
  ),
});
