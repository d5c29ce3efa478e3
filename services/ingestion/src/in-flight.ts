import { DomainError } from '@roofshot/runtime/errors';

/** Bounds the bytes of the requests under way: a burst is told to come again instead of filling the memory. */
export class InFlight {
  readonly #limit: number;
  #bytes = 0;

  /** `limit`: bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` while its bytes are counted. Throws `unavailable` when there is no room; a lone request always has. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#limit) {
      throw new DomainError(
        'unavailable',
        'More events are under way than fit. Nothing of this request was taken: send it again after a second.',
        {
          retryAfterSeconds: 1,
        },
      );
    }
    this.#bytes += bytes;
    try {
      return await work();
    } finally {
      this.#bytes -= bytes;
    }
  }
}
