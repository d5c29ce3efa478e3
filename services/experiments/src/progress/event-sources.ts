import type { DataOf } from '@roofshot/contracts/define';
import type { EventTypeChanged, StreamAdvanced } from '@roofshot/contracts/events';
import type { EventBatch } from '@roofshot/messaging/handlers';

/** In a live stream, nothing was known after `after` and up to `until`. Epoch milliseconds. */
export interface QuietSpan {
  readonly after: number;
  readonly until: number;
}

/** Which event types bring their own known time: their progress is what the importer says, and nothing else. In memory, from the log. */
export class EventSources {
  readonly #importers = new Map<string, boolean>();
  readonly #quiet = new Map<string, QuietSpan>();

  declare({ name, importer, deleted }: DataOf<typeof EventTypeChanged>): void {
    if (deleted) this.#importers.delete(name);
    else this.#importers.set(name, importer);
  }

  /** A type that is not known (yet) counts as imported: then nothing is claimed that nobody said. */
  isImported(eventType: string): boolean {
    return this.#importers.get(eventType) ?? true;
  }

  advance({ eventType, after, until }: DataOf<typeof StreamAdvanced>): void {
    this.#quiet.set(eventType, { after: Date.parse(after), until: Date.parse(until) });
  }

  /** What ingestion has said last of a live stream in which nothing happens. */
  quiet(eventType: string): QuietSpan | undefined {
    return this.#quiet.get(eventType);
  }

  /** Time, epoch milliseconds, until which everything is folded with this batch; null: it does not tell. */
  reached(eventType: string, { events, progress }: EventBatch): number | null {
    const said = progress === undefined ? null : Date.parse(progress);
    if (this.isImported(eventType)) return said;
    // Known times of live events rise along the log, but the last may be that of more events (docs/adr/0012).
    return events.reduce<number | null>((newest, { knowntime }) => Math.max(newest ?? 0, Date.parse(knowntime) - 1), said);
  }
}
