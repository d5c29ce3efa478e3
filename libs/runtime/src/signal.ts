type Falsy = false | null | undefined | 0 | '';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Ends the wait early: the asker has gone, or the service stops. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Says that something may have changed, to those who wait for it: no polling, and no change is missed between a look and the wait.
 * One per thing that requests are held for (`GET …?wait=30s`).
 */
export class Signal {
  #generation = 0;
  readonly #waiters = new Set<() => void>();

  /** To be called after the state has changed; cheap when nobody waits. */
  changed(): void {
    this.#generation += 1;
    for (const wake of [...this.#waiters]) wake();
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves with what `check` answers as soon as that is truthy: now, or after one of the following `changed()`.
   * After the time-out or the abort: undefined. A throw of `check` rejects.
   */
  async waitUntil<T>(check: () => T | Promise<T>, { timeoutMs, signal }: WaitOptions): Promise<Exclude<T, Falsy> | undefined> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = this.#generation;
      const value = await check();
      if (value) return value as Exclude<T, Falsy>;
      const isChanged = await this.#nextChange(seen, { timeoutMs: deadline - performance.now(), signal });
      if (!isChanged) return undefined;
    }
  }

  /** True once there was a change after generation `seen`; false when time is over or the wait was aborted. */
  #nextChange(seen: number, { timeoutMs, signal }: WaitOptions): Promise<boolean> {
    if (signal?.aborted === true) return Promise.resolve(false);
    if (this.#generation !== seen) return Promise.resolve(true);
    if (timeoutMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (isChanged: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        signal?.removeEventListener('abort', giveUp);
        resolve(isChanged);
      };
      const wake = (): void => finish(true);
      const giveUp = (): void => finish(false);
      const timer = setTimeout(giveUp, timeoutMs);
      this.#waiters.add(wake);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }
}
