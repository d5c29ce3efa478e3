import type { Position } from '@roofshot/contracts/envelope';
import { isLostConnection, isOutOfRoom } from '@roofshot/storage/sql-errors';
import type { OutgoingRecord } from './bus.ts';

type Append = (records: readonly OutgoingRecord[]) => Promise<Position[]>;

interface Call {
  readonly records: readonly OutgoingRecord[];
  readonly resolve: (positions: Position[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Enough to make the commit's cost per record vanish, small enough that the partitions are not held for long. */
const MAX_ROWS = 2_000;

export interface AppendLimits {
  /** Calls go together up to so many bytes; a larger one goes alone. */
  readonly maxBytes: number;
  readonly bytesOf: (record: OutgoingRecord) => number;
  /** After such a failure it is certain that nothing was appended, so that each call may go alone. */
  readonly retryAlone: (error: unknown) => boolean;
}

const NO_LIMITS: AppendLimits = {
  maxBytes: Infinity,
  bytesOf: () => 0,
  retryAlone: (error) => !isLostConnection(error) && !isOutOfRoom(error),
};

/**
 * Lets concurrent appends share a commit: what comes while one runs goes together in the next. A lone call goes at once. Calls go in
 * the order in which they came.
 */
export class AppendQueue {
  readonly #append: Append;
  readonly #limits: AppendLimits;
  readonly #waiting: Call[] = [];
  #running: Promise<void> | undefined;

  constructor(append: Append, limits = NO_LIMITS) {
    this.#append = append;
    this.#limits = limits;
  }

  append(records: readonly OutgoingRecord[]): Promise<Position[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything accepted so far is appended or refused. */
  async drain(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // callers of the same moment come along
    while (this.#waiting.length > 0) await this.#appendTogether(this.#takeCalls());
    this.#running = undefined;
  }

  #takeCalls(): Call[] {
    const { maxBytes, bytesOf } = this.#limits;
    let [rows, bytes, calls] = [0, 0, 0];
    for (const { records } of this.#waiting) {
      bytes += records.reduce((sum, record) => sum + bytesOf(record), 0);
      if (calls > 0 && (rows >= MAX_ROWS || bytes > maxBytes)) break;
      rows += records.length;
      calls += 1;
    }
    return this.#waiting.splice(0, calls);
  }

  async #appendTogether(calls: readonly Call[]): Promise<void> {
    try {
      const positions = await this.#append(calls.flatMap((call) => call.records));
      let from = 0;
      for (const { records, resolve } of calls) resolve(positions.slice(from, (from += records.length)));
    } catch (error) {
      await this.#settleFailure(calls, error);
    }
  }

  /**
   * One caller's bad record must not fail the others: each goes alone. Where the outcome may be unknown, and where there is no room for
   * anybody, nobody does.
   */
  async #settleFailure(calls: readonly Call[], error: unknown): Promise<void> {
    if (calls.length === 1 || !this.#limits.retryAlone(error)) {
      for (const { reject } of calls) reject(error);
      return;
    }
    for (const call of calls) await this.#appendTogether([call]);
  }
}
