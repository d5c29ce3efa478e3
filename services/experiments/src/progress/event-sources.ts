import type { DataOf } from '@roofshot/contracts/define';
import type { EventTypeChanged } from '@roofshot/contracts/events';
import type { EventBatch } from '@roofshot/messaging/handlers';

/** Which event types bring their own known time: their progress is what the importer says, and nothing else. In memory, from the log. */
export class EventSources {
  readonly #importers = new Map<string, boolean>();

  declare({ name, importer, deleted }: DataOf<typeof EventTypeChanged>): void {
    if (deleted) this.#importers.delete(name);
    else this.#importers.set(name, importer);
  }

  /** A type that is not known (yet) counts as imported: then nothing is claimed that nobody said. */
  isImported(eventType: string): boolean {
    return this.#importers.get(eventType) ?? true;
  }

  /** Event time, epoch milliseconds, before which everything is folded with this batch; null: it does not tell. */
  reached(eventType: string, { events, progress }: EventBatch): number | null {
    if (this.isImported(eventType)) return progress === undefined ? null : Date.parse(progress);
    // Known times of live events are stamped in the order of acceptance.
    return events.reduce<number | null>((newest, { knowntime }) => Math.max(newest ?? 0, Date.parse(knowntime)), null);
  }
}
