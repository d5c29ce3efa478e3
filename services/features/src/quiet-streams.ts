import type { DataOf } from '@roofshot/contracts/define';
import { topicOf, type StreamAdvanced } from '@roofshot/contracts/events';

/** In a live stream, nothing was known after `after` and up to `until`. Epoch milliseconds. */
export interface QuietSpan {
  readonly after: number;
  readonly until: number;
}

/** What ingestion has said last of the live streams in which nothing happens. In memory, from the log. */
export class QuietStreams {
  readonly #spans = new Map<string, QuietSpan>();

  advance({ eventType, after, until }: DataOf<typeof StreamAdvanced>): void {
    this.#spans.set(topicOf(eventType), { after: Date.parse(after), until: Date.parse(until) });
  }

  of(topic: string): QuietSpan | undefined {
    return this.#spans.get(topic);
  }
}
