import { DomainError } from '@roofshot/runtime/errors';

/**
 * So much may wait however long it takes: callers that send the next request after the answer, as importers do, wait for each other and
 * are no overload. Many requests, or fewer with many events.
 */
const FEW_REQUESTS = 256;
const FEW_LARGE = 16;
const MANY_EVENTS = 1_000;
/** When the oldest of more than that has not been answered for so long, more come than can be taken; who came now would wait still longer. */
const LATE_MS = 75;

interface Place {
  readonly since: number;
  readonly events: number;
}

/** The requests whose events have been read and wait to be durable. In an overload new ones are refused in time, so that those in it are answered soon. */
export class WaitingLine {
  readonly #clock: () => number;
  /** The oldest first. */
  readonly #places = new Set<Place>();
  #events = 0;

  /** `clock`: milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Waits in the line while `work` runs. */
  async during<T>(events: number, work: () => Promise<T>): Promise<T> {
    const place = { since: this.#clock(), events };
    this.#places.add(place);
    this.#events += events;
    try {
      return await work();
    } finally {
      this.#places.delete(place);
      this.#events -= events;
    }
  }

  /** To be asked before a body is read. Throws `unavailable`. */
  refuseWhenLate(): void {
    const { size } = this.#places;
    if (size < FEW_LARGE || (size < FEW_REQUESTS && this.#events < MANY_EVENTS)) return;
    const [oldest] = this.#places;
    if (oldest === undefined || this.#clock() - oldest.since <= LATE_MS) return;
    const message =
      'More events come than can be taken, and this request would have waited behind the others. Nothing of it was taken: send it again after a second.';
    throw new DomainError('unavailable', message, { retryAfterSeconds: 1 });
  }
}
