import { DomainError } from '@roofshot/runtime/errors';

/** What one request holds of the room. */
export interface Held {
  /** More of its body has come. Throws `unavailable` when there is no room for it. */
  grow(bytes: number): void;
  /** As `grow`, for so little that it is not refused. */
  add(bytes: number): void;
  release(): void;
}

/** Bounds the bytes of the requests under way: a burst is told to come again instead of filling the memory. */
export class InFlight {
  readonly #limit: number;
  #bytes = 0;

  /** `limit`: bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Of a request whose body begins to come. Throws `unavailable` when there is no room; a lone request always has. */
  take(): Held {
    let own = 0;
    const add = (more: number): void => {
      this.#bytes += more;
      own += more;
    };
    const grow = (more: number): void => {
      if (this.#bytes > own && this.#bytes + more > this.#limit) throw noRoom();
      add(more);
    };
    const release = (): void => {
      this.#bytes -= own;
      own = 0;
    };
    grow(0);
    return { grow, add, release };
  }
}

function noRoom(): DomainError {
  const message = 'More events are under way than fit. Nothing of this request was taken: send it again after a second.';
  return new DomainError('unavailable', message, { retryAfterSeconds: 1 });
}
