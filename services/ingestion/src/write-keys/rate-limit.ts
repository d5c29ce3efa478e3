/**
 * A bucket that fills with `perSecond` tokens a second and holds those of one second. Whoever finds some in it may take more than there
 * are and leaves a debt, so that a request may be larger than a second's events and the rate holds all the same.
 */
export class RateLimit {
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  /** `now`: milliseconds of a clock that does not go back, here and below. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = now;
  }

  /** Answers 0 when they are taken, else the milliseconds after which to ask again. */
  take(count: number, now: number): number {
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens <= 0) return Math.max(1, Math.ceil((-this.#tokens / this.#perSecond) * 1_000));
    this.#tokens -= count;
    return 0;
  }
}
