import { failureLevel } from '@roofshot/storage/failure-level';
import type { Outbox } from '@roofshot/storage/outbox';
import type { Sql } from '@roofshot/storage/sql';
import { OutOfRoom } from '@roofshot/storage/sql-errors';
import type { Logger } from '@roofshot/telemetry/logger';
import { oneAtATime } from './one-at-a-time.ts';

const LOOK_MS = 1_000;
/** Of what was set aside. */
const MOST_COUNTED = 10_000;
/** PostgreSQL's own class for limits of the configuration: work that meets it is tried again. */
const NO_ROOM = '53400';

export interface OutboxRoomOptions {
  readonly sql: Sql;
  readonly outbox: Outbox;
  readonly log: Logger;
  /** So many messages may wait; those that come between two looks are taken beyond it. */
  readonly most: number;
}

/** Bounds what waits for a broker in the services' database: it takes what is said while the broker is away, but not until its disk is full. */
export class OutboxRoom {
  readonly #options: OutboxRoomOptions;
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;
  #setAside: { readonly count: number; readonly reason: string } | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: OutboxRoomOptions) {
    this.#options = options;
    this.#timer = setInterval(() => (this.#looking = this.#look()), LOOK_MS).unref();
  }

  /** About how many wait; no more than one above the bound is counted. */
  get waiting(): number {
    return this.#waiting;
  }

  /** What could never leave, and why the last of it could not. */
  get setAside(): { readonly count: number; readonly reason: string } | undefined {
    return this.#setAside;
  }

  /** Why nothing more is taken; undefined while there is room. */
  get refusal(): string | undefined {
    const { most } = this.#options;
    if (this.#waiting <= most) return undefined;
    return `More than ${most} messages wait in the database to be sent, and until some have left no more are taken.`;
  }

  /** Throws `OutOfRoom` while there is none. `why`: what keeps them from leaving, in sentences. */
  refuseWhenFull(why: string): void {
    const { refusal } = this;
    if (refusal === undefined) return;
    const detail = why === '' ? refusal : `${refusal} ${why}`;
    throw new OutOfRoom(`${detail} Nothing of the unfinished work was applied.`, NO_ROOM, undefined, { detail });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  readonly #look = oneAtATime(async (): Promise<void> => {
    const { sql, outbox, log, most } = this.#options;
    try {
      const wasFull = this.refusal !== undefined;
      this.#waiting = await outbox.waiting(sql, most);
      this.#setAside = await outbox.setAside(sql, MOST_COUNTED);
      const isFull = this.refusal !== undefined;
      if (isFull && !wasFull)
        log.warn('An outbox is full: nothing is said until some of it has left.', { 'labels.waiting': this.#waiting });
      if (wasFull && !isFull) log.info('An outbox has room again.', { 'labels.waiting': this.#waiting });
    } catch (error) {
      log[failureLevel(error)]('What waits in an outbox could not be counted; it is tried again.', { error });
    }
  });
}
