import { messageOf } from './error-code.ts';
import { LostConnection, OutOfRoom, ServerRefusal } from './sql-errors.ts';

export type Way = 'read' | 'write';

export interface StoreWatchOptions {
  /** Asks the store something that costs it next to nothing; `write` stores what is nobody's. What it throws is told to people. */
  readonly look: (way: Way, signal: AbortSignal) => Promise<unknown>;
  /** How long nothing is heard of the store before it is looked at. */
  readonly lookMs: number;
  /** Hears when the first trouble begins, and with undefined when all is well again. */
  readonly onTrouble?: ((trouble: string | undefined) => void) | undefined;
}

interface Trouble {
  readonly way: Way;
  readonly isAway: boolean;
  readonly sentence: string;
}

/**
 * How a store on a server of its own stands, by the outcome of its calls; where nobody calls, it is looked at. What went wrong in one way
 * is over when that way works again, and a store that was away is back with whatever it answers.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  readonly #closing = new AbortController();
  #trouble: Trouble | undefined;
  /** Since the last look. */
  #answered = false;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  /** Looks from now on; calls are heard before, too. */
  start(): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.start());
    }, this.#options.lookMs).unref();
  }

  /** Runs a call of the store and hears its outcome. A fault of the question says nothing about the store. */
  async hear<T>(way: Way, call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call();
      this.#answers(way);
      return answer;
    } catch (error) {
      if (error instanceof LostConnection || error instanceof OutOfRoom || error instanceof ServerRefusal) this.#fails(way, error);
      throw error;
    }
  }

  /** See OnlineStore and ObjectStore. */
  waitingFor(): readonly string[] {
    return this.#trouble === undefined ? [] : [this.#trouble.sentence];
  }

  /** Resolves when no look runs any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** As cheap as can be: what fails is tried in the way in which it failed, and only that may store something. */
  async #look(): Promise<void> {
    const { signal } = this.#closing;
    const isQuiet = !this.#answered;
    this.#answered = false;
    if (this.#trouble === undefined && !isQuiet) return;
    const way = this.#trouble?.isAway === false ? this.#trouble.way : 'read';
    try {
      await this.#options.look(way, signal);
      this.#answers(way);
    } catch (error) {
      this.#fails(way, error);
    }
    this.#answered = false; // a look is no call, after which the next look may be left out
  }

  #answers(way: Way): void {
    this.#answered = true;
    const trouble = this.#trouble;
    if (trouble === undefined || !(trouble.isAway || trouble.way === way)) return;
    this.#trouble = undefined;
    this.#options.onTrouble?.(undefined);
  }

  #fails(way: Way, error: unknown): void {
    if (this.#closing.signal.aborted) return; // it may be the close that ended the call
    const isNew = this.#trouble === undefined;
    this.#trouble = { way, isAway: error instanceof LostConnection, sentence: sentenceOf(error) };
    if (isNew) this.#options.onTrouble?.(this.#trouble.sentence);
  }
}

function sentenceOf(error: unknown): string {
  return (error instanceof OutOfRoom ? error.detail : undefined) ?? messageOf(error);
}
