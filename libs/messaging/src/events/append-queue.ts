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

/**
 * Lets concurrent appends share a commit: what comes while one runs goes together in the next. A lone call goes at once. Calls go in
 * the order in which they came.
 */
export class AppendQueue {
  readonly #append: Append;
  readonly #waiting: Call[] = [];
  #running: Promise<void> | undefined;

  constructor(append: Append) {
    this.#append = append;
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
    const calls: Call[] = [];
    for (let rows = 0; rows < MAX_ROWS;) {
      const call = this.#waiting.shift();
      if (call === undefined) break;
      calls.push(call);
      rows += call.records.length;
    }
    return calls;
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

  /** One caller's bad record must not fail the others: each goes alone. After a lost connection the outcome may be unknown, and where there is no room there is none for anybody, so nobody does. */
  async #settleFailure(calls: readonly Call[], error: unknown): Promise<void> {
    const [only] = calls;
    if (isLostConnection(error) || isOutOfRoom(error) || (calls.length === 1 && only !== undefined)) {
      for (const { reject } of calls) reject(error);
      return;
    }
    for (const call of calls) await this.#appendTogether([call]);
  }
}
