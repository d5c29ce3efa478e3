import type { TagName } from './metric-tags.ts';

/** A metric's tags, every value already bounded and free of ids. */
export type SentTags = Readonly<Partial<Record<TagName, string>>>;

/** Where measurements go besides this process' memory. Called on hot paths: takes the value and returns; never throws. */
export interface MetricSink {
  /** Adds to a counter. */
  count(name: string, amount: number, tags: SentTags): void;
  /** Sets a gauge. */
  gauge(name: string, value: number, tags: SentTags): void;
  /** Adds one duration, in milliseconds. */
  timing(name: string, milliseconds: number, tags: SentTags): void;
}
