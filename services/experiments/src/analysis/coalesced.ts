/** Work that looks at everything there is: whoever asks while it runs shares the next run, which begins after they asked. */
export class Coalesced {
  readonly #work: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a run has ended that began after this call. Rejects when that one failed. */
  run(): Promise<void> {
    this.#next ??= this.#begin();
    return this.#next;
  }

  /** Resolves when nothing runs, whatever became of it. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.#running, this.#next]);
  }

  async #begin(): Promise<void> {
    await Promise.allSettled([this.#running]);
    this.#next = undefined;
    this.#running = this.#work();
    await this.#running;
  }
}
