/** Runs submissions together: a lone one at once, and those that come while a commit runs in the next one. */
import { isLostConnection, isOutOfRoom } from '@roofshot/storage/sql-errors';

/** Rows in one transaction; more wait for the one after. */
const MAX_ROWS = 5_000;

interface Waiting<S, R> {
  readonly submission: S;
  readonly rows: number;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** `commit` takes a group and answers one result for each, in order. Its throw fails a lone submission; of several, each is tried alone. */
export class GroupCommit<S, R> {
  readonly #commit: (group: readonly S[]) => Promise<readonly R[]>;
  #waiting: Waiting<S, R>[] = [];
  #isRunning = false;

  constructor(commit: (group: readonly S[]) => Promise<readonly R[]>) {
    this.#commit = commit;
  }

  submit(submission: S, rows: number): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ submission, rows, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let group = this.#next(); group.length > 0; group = this.#next()) await this.#settle(group);
    this.#isRunning = false;
  }

  #next(): Waiting<S, R>[] {
    let rows = 0;
    const end = this.#waiting.findIndex((waiting) => (rows += waiting.rows) > MAX_ROWS);
    // A submission above the limit goes alone.
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }

  async #settle(group: readonly Waiting<S, R>[]): Promise<void> {
    try {
      const results = await this.#commit(group.map(({ submission }) => submission));
      group.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new Error('The commit answered fewer results than it was given submissions.'));
        else resolve(result);
      });
    } catch (error) {
      await this.#settleFailure(group, error);
    }
  }

  /** One bad submission must not fail the others. Where the database is away or full it is so for all, and what was committed may be unknown. */
  async #settleFailure(group: readonly Waiting<S, R>[], error: unknown): Promise<void> {
    if (group.length === 1 || isLostConnection(error) || isOutOfRoom(error)) for (const { reject } of group) reject(error);
    else for (const one of group) await this.#settle([one]);
  }
}
