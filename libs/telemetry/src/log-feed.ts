import type { LogRecord } from './log-record.ts';

/**
 * Called with each line, at once and on the logging path: hand over and return. `thrown` is the line's `error` as it was thrown;
 * undefined where it has none.
 */
export type LineListener = (record: LogRecord, thrown: unknown) => void;

/** The last lines of this process and those to come, for a live view. */
export interface LogFeed {
  /** Subscribes to the lines that pass the level; returns the way out. A listener that throws is dropped, with a warning line. */
  onLine(listener: LineListener): () => void;
  /** The last lines, oldest first, at most `count` and never more than the feed's capacity. */
  recentLines(count?: number): LogRecord[];
}

/** Some minutes of a busy process; about 0.5 MB. */
export const FEED_CAPACITY = 500;

/** A ring: memory does not grow with the number of lines. */
export class LogRing implements LogFeed {
  private readonly ring: LogRecord[] = [];
  private readonly listeners = new Set<LineListener>();
  private readonly capacity: number;
  private next = 0;
  private isDelivering = false;

  constructor(capacity = FEED_CAPACITY) {
    this.capacity = capacity;
  }

  onLine(listener: LineListener): () => void {
    // Wrapped, so that subscribing a function twice gives two subscriptions with an end each.
    const own: LineListener = (record, thrown) => listener(record, thrown);
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  recentLines(count = this.capacity): LogRecord[] {
    const ordered = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    return count <= 0 ? [] : ordered.slice(-count);
  }

  /** Keeps the line and passes it on. Returns what listeners threw; they are subscribed no longer. */
  push(record: LogRecord, thrown?: unknown): unknown[] {
    this.ring[this.next] = record;
    this.next = (this.next + 1) % this.capacity;
    // A line that a listener logs is kept but not delivered, or it would call that listener without end.
    if (this.isDelivering || this.listeners.size === 0) return [];
    this.isDelivering = true;
    try {
      return this.deliver(record, thrown);
    } finally {
      this.isDelivering = false;
    }
  }

  private deliver(record: LogRecord, thrown: unknown): unknown[] {
    const faults: unknown[] = [];
    for (const listener of this.listeners) {
      try {
        listener(record, thrown);
      } catch (fault) {
        this.listeners.delete(listener);
        faults.push(fault);
      }
    }
    return faults;
  }
}
