import { DomainError } from '@roofshot/runtime/errors';

/** What one request holds of the room. */
export interface Held {
  /** More of its body has come. Throws `unavailable` when there is no room for it. */
  grow(bytes: number): void;
  release(): void;
}

/**
 * So much may be under way however long it takes: callers that send the next request after the answer, as importers do, wait for each
 * other and are no overload. Many small requests, or fewer large ones.
 */
const FEW_REQUESTS = 256;
const FEW_LARGE = 16;
const LARGE_BYTES = 256 * 1024;
/** When the oldest of more than that has not been answered for so long, more come than can be answered; who came now would wait still longer. */
const LATE_MS = 120;

/**
 * Bounds the requests under way, in bytes and in the time that they wait: a burst is told to come again instead of filling the memory,
 * and in an overload those that are taken are answered soon.
 */
export class InFlight {
  readonly #limit: number;
  readonly #clock: () => number;
  /** Since when they are under way, the oldest first. */
  readonly #since = new Map<object, number>();
  #bytes = 0;

  /** `limit`: bytes; `clock`: milliseconds. */
  constructor(limit: number, clock: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Takes room for a request. Throws `unavailable` when there is none; a lone request always has. */
  take(bytes: number): Held {
    if (this.#isLate()) throw busy();
    let own = 0;
    const grow = (more: number): void => {
      if (this.#bytes > own && this.#bytes + more > this.#limit) throw noRoom();
      this.#bytes += more;
      own += more;
    };
    const release = (): void => {
      this.#since.delete(held);
      this.#bytes -= own;
      own = 0;
    };
    const held = { grow, release };
    grow(bytes);
    this.#since.set(held, this.#clock());
    return held;
  }

  #isLate(): boolean {
    const { size } = this.#since;
    if (size < FEW_LARGE || (size < FEW_REQUESTS && this.#bytes < LARGE_BYTES)) return false;
    const [oldest = Infinity] = this.#since.values();
    return this.#clock() - oldest > LATE_MS;
  }
}

function noRoom(): DomainError {
  const message = 'More events are under way than fit. Nothing of this request was taken: send it again after a second.';
  return new DomainError('unavailable', message, { retryAfterSeconds: 1 });
}

function busy(): DomainError {
  const message =
    'More events come than can be taken, and this request would have waited behind the others. Nothing of it was taken: send it again after a second.';
  return new DomainError('unavailable', message, { retryAfterSeconds: 1 });
}
