import { oneAtATime } from '../one-at-a-time.ts';
import type { LogRecord } from './bus.ts';
import type { IndexedTopic } from './log-index.ts';

export interface FetchRequest {
  readonly topic: IndexedTopic;
  readonly partition: number;
  readonly offset: number;
  /** At most so many records. */
  readonly limit: number;
}

export interface Fetched {
  readonly records: readonly LogRecord[];
  /** Bounds of the partition in the same look. */
  readonly start: number;
  readonly end: number;
  /** Everything from the asked offset up to here is among the records, or is not there (any more). */
  readonly next: number;
}

/** In the order of the requests; undefined where there is no such partition (any more), an error where only this one cannot be read. */
export type FetchMany = (requests: readonly FetchRequest[]) => Promise<(Fetched | Error | undefined)[]>;

interface Waiting {
  readonly request: FetchRequest;
  readonly resolve: (fetched: Fetched) => void;
  readonly reject: (error: unknown) => void;
}

/** Bounds the memory of one answer. */
const MAX_PARTITIONS = 16;

/** Reads many partitions at once: requests that come while one runs go together in the next. */
export class FetchQueue {
  readonly #fetchMany: FetchMany;
  #waiting: Waiting[] = [];
  readonly #pump: () => Promise<void>;

  constructor(fetchMany: FetchMany) {
    this.#fetchMany = fetchMany;
    this.#pump = oneAtATime(() => this.#fetchWaiting());
  }

  fetch(request: FetchRequest): Promise<Fetched> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      void this.#pump(); // settles each request's own promise and never rejects
    });
  }

  async #fetchWaiting(): Promise<void> {
    await Promise.resolve(); // requests of the same moment come along
    const group = this.#waiting.slice(0, MAX_PARTITIONS);
    this.#waiting = this.#waiting.slice(MAX_PARTITIONS);
    if (this.#waiting.length > 0) void this.#pump();
    try {
      const fetched = await this.#fetchMany(group.map(({ request }) => request));
      group.forEach(({ resolve, reject, request }, slot) => {
        const one = fetched[slot];
        if (one instanceof Error) reject(one);
        else if (one !== undefined) resolve(one);
        else reject(new Error(`Partition ${request.partition} of "${request.topic.name}" is not there any more: its topic was deleted.`));
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
