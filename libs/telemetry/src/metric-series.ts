import type { SentTags } from './metric-sink.ts';
import { boundTagValue, OTHER_VALUE, type TagName } from './metric-tags.ts';

export type MetricKind = 'counter' | 'gauge' | 'timing';

/** What a metric is, as documentation and dashboards need it. */
export interface MetricDefinition {
  /** The name on the wire; `<service>` stands in it for the name of whichever service measures. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly tags: readonly TagName[];
}

/**
 * What this process has measured in one series since it started. A rate is the difference of two readings.
 * - counter: `total` is the sum, `count` the number of calls, `last` the last amount;
 * - gauge: `last` is its value;
 * - timing: milliseconds, with their `total`, `count`, `max` and `last`.
 */
export interface SeriesReading {
  /** The definition's name: equal to `name`, but with `<service>` where any service measures it. */
  readonly metric: string;
  /** The name on the wire. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly tags: SentTags;
  readonly count: number;
  readonly total: number;
  readonly last: number;
  readonly max: number;
}

export interface Series {
  readonly name: string;
  readonly tags: SentTags;
  count: number;
  total: number;
  last: number;
  max: number;
}

/**
 * The greatest number of series of one metric. The sum over all documented metrics stays some hundreds per service; a metric that
 * reaches this has a tag that takes any value. Further series are counted together as `other`.
 */
export const MAX_SERIES = 200;

const SEPARATOR = '\u0000';

/** The series of one metric, found by their tags' values. */
export class SeriesTable {
  private readonly definition: MetricDefinition;
  private readonly series = new Map<string, Series>();

  constructor(definition: MetricDefinition) {
    this.definition = definition;
  }

  /** The series of these values, made when they are new. The first part of the key is the wire name. */
  find(name: string, values: SentTags): Series {
    return this.series.get(this.keyOf(name, values)) ?? this.findBounded(name, values);
  }

  readings(): SeriesReading[] {
    const { name: metric, kind } = this.definition;
    return [...this.series.values()].map((series) => ({ metric, kind, ...series }));
  }

  /** Only bounded values become keys, so that the table stays small whatever is passed. */
  private findBounded(name: string, values: SentTags): Series {
    const bounded = this.mapTags((tag) => boundTagValue(values[tag] ?? ''));
    const key = this.keyOf(name, bounded);
    const known = this.series.get(key);
    if (known !== undefined) return known;
    return this.series.size < MAX_SERIES ? this.add(key, name, bounded) : this.findOther(name);
  }

  private findOther(name: string): Series {
    const tags = this.mapTags(() => OTHER_VALUE);
    const key = this.keyOf(name, tags);
    return this.series.get(key) ?? this.add(key, name, tags);
  }

  private add(key: string, name: string, tags: SentTags): Series {
    const series = { name, tags, count: 0, total: 0, last: 0, max: 0 };
    this.series.set(key, series);
    return series;
  }

  private mapTags(valueOf: (tag: TagName) => string): SentTags {
    return Object.fromEntries(this.definition.tags.map((tag) => [tag, valueOf(tag)]));
  }

  private keyOf(name: string, values: SentTags): string {
    let key = name;
    for (const tag of this.definition.tags) key += SEPARATOR + values[tag];
    return key;
  }
}

/** Adds one measurement to its series. */
export function record(series: Series, value: number): void {
  series.max = series.count === 0 ? value : Math.max(series.max, value);
  series.count += 1;
  series.total += value;
  series.last = value;
}
