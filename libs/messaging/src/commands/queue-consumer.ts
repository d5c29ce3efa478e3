import { randomUUID } from 'node:crypto';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { backOffMs, pause } from '../back-off.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { QueueConsumption, ReceivedCommand, Settlement } from './queue.ts';

export interface ConsumerOptions {
  readonly queue: string;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly log: Logger;
  readonly onStop: () => void;
}

interface Row {
  readonly id: string;
  readonly payload: string;
  readonly headers: string;
  readonly attempts: number;
  readonly first_failed_at: Date | null;
}

/**
 * Leases and settlements need not wait for the disk: what a crash of PostgreSQL forgets of them is delivered again when the lease ends,
 * as after any crash. The command itself and what its handler wrote do wait.
 */
const QUICK = `quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS mode)`;

const TAKE = `
  WITH ${QUICK}, next AS (
    SELECT queue, id FROM messaging.commands WHERE queue = $1 AND state = 'open' AND available_at <= clock_timestamp()
    ORDER BY available_at LIMIT $2 FOR UPDATE SKIP LOCKED
  )
  UPDATE messaging.commands c SET attempts = c.attempts + 1, lease = $3, available_at = clock_timestamp() + make_interval(secs => $4 / 1000.0)
  FROM next, quick WHERE c.queue = next.queue AND c.id = next.id AND quick.mode = 'off'
  RETURNING c.id, c.payload, c.headers, c.attempts, c.first_failed_at`;

/**
 * By the lease, so that a consumer that was taken for dead cannot settle what another one is handling. What is done is kept for the
 * horizon, to be recognised: its id is enough for that.
 */
const SETTLE = `
  WITH ${QUICK}
  UPDATE messaging.commands SET
    state = $4, reason = $5, payload = CASE WHEN $4 = 'done' THEN '' ELSE payload END, lease = NULL, attempts = attempts - $7::int,
    settled_at = CASE WHEN $4 = 'open' THEN NULL ELSE clock_timestamp() END,
    first_failed_at = CASE WHEN $4 = 'done' THEN NULL ELSE coalesce(first_failed_at, clock_timestamp()) END,
    available_at = clock_timestamp() + make_interval(secs => $6 / 1000.0)
  FROM quick WHERE queue = $1 AND id = $2 AND lease = $3 AND state = 'open' AND quick.mode = 'off' RETURNING 1`;

/** Its consumer keeps it. */
const FORGET = `
  WITH ${QUICK}
  DELETE FROM messaging.commands c USING quick
  WHERE c.queue = $1 AND c.id = $2 AND c.lease = $3 AND c.state = 'open' AND quick.mode = 'off' RETURNING 1`;

const SETTLE_RETRY = { firstMs: 100, longestMs: 5_000 };
const AFTER_A_THROW_MS = 1_000;

/** Takes commands of one queue under a lease, at most so many at once, and settles them by what the handler answers. */
export class QueueConsumer implements QueueConsumption {
  readonly #sql: Sql;
  readonly #handler: (command: ReceivedCommand) => Promise<Settlement>;
  readonly #options: ConsumerOptions;
  readonly #running = new Map<Promise<void>, { readonly id: string; readonly lease: string }>();
  readonly #ending = new AbortController();
  readonly #renewal: NodeJS.Timeout;
  readonly #delays = new Set<NodeJS.Timeout>();
  #maybeMore = false;
  #settledAt = Date.now();
  #stopping: Promise<void> | undefined;

  constructor(sql: Sql, handler: (command: ReceivedCommand) => Promise<Settlement>, options: ConsumerOptions) {
    this.#sql = sql;
    this.#handler = handler;
    this.#options = options;
    this.#renewal = setInterval(() => void this.#renew(), options.leaseMs / 3).unref();
  }

  get queue(): string {
    return this.#options.queue;
  }

  /** There may be something to take. */
  wake(): void {
    this.#maybeMore = true;
    void this.#fill(); // logs its own failures
  }

  health(): { readonly running: number; readonly settledAt: number } {
    return { running: this.#running.size, settledAt: this.#settledAt };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#options.onStop();
    this.#ending.abort();
    for (const timer of this.#delays) clearTimeout(timer);
    await this.#fill(); // the take that is under way may still bring some
    await Promise.all(this.#running.keys());
    clearInterval(this.#renewal);
  }

  readonly #fill = oneAtATime(async (): Promise<void> => {
    try {
      while (this.#maybeMore && !this.#ending.signal.aborted) {
        const free = this.#options.concurrency - this.#running.size;
        if (free <= 0) return; // looked again when one ends
        this.#maybeMore = false;
        const taken = await this.#take(free);
        if (taken === free) this.#maybeMore = true;
      }
    } catch (error) {
      this.#options.log[failureLevel(error)]('Commands could not be taken; it is tried again.', { ...this.#fields, error });
    }
  });

  async #take(limit: number): Promise<number> {
    const { queue, leaseMs } = this.#options;
    const lease = randomUUID();
    const rows = await this.#sql.query<Row>(TAKE, [queue, limit, lease, leaseMs]);
    for (const { id, payload, headers, attempts, first_failed_at: failed } of rows) {
      const since = failed === null ? {} : { firstFailedAt: failed.getTime() };
      const command = { queue, id, payload, headers: JSON.parse(headers) as Record<string, string>, attempt: attempts, ...since };
      const run = this.#run(command, lease).finally(() => {
        this.#running.delete(run);
        if (this.#maybeMore) void this.#fill();
      });
      this.#running.set(run, { id, lease });
    }
    return rows.length;
  }

  async #run(command: ReceivedCommand, lease: string): Promise<void> {
    const settlement = await this.#settlementOf(command);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#settle(command, lease, settlement);
        return;
      } catch (error) {
        this.#options.log[failureLevel(error)]('The outcome of a command could not be written; it is tried again.', {
          ...this.#fields,
          'event.id': command.id,
          error,
        });
        if (attempt === 5 || this.#ending.signal.aborted) return; // the lease runs out and the command is delivered again
        await pause(backOffMs(attempt, SETTLE_RETRY), this.#ending.signal);
      }
    }
  }

  async #settlementOf(command: ReceivedCommand): Promise<Settlement> {
    try {
      return await this.#handler(command);
    } catch (error) {
      this.#options.log.error('The consumer of a command threw; the command is delivered again.', {
        ...this.#fields,
        'event.id': command.id,
        error,
      });
      return { kind: 'retry', delayMs: AFTER_A_THROW_MS, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async #settle({ id }: ReceivedCommand, lease: string, settlement: Settlement): Promise<void> {
    const reason = settlement.kind === 'ack' ? null : settlement.reason;
    const { delayMs, uncounted = false } = settlement.kind === 'retry' ? settlement : { delayMs: 0 };
    const state = { ack: 'done', retry: 'open', dead: 'dead' }[settlement.kind];
    const isForgotten = settlement.kind === 'dead' && settlement.kept === true;
    const settled = isForgotten
      ? await this.#sql.query(FORGET, [this.queue, id, lease])
      : await this.#sql.query(SETTLE, [this.queue, id, lease, state, reason, delayMs, uncounted ? 1 : 0]);
    this.#settledAt = Date.now();
    if (settled.length === 0) {
      this.#options.log.warn('A command was settled too late: its lease had ended and another consumer has it.', {
        ...this.#fields,
        'event.id': id,
      });
    }
    if (settlement.kind === 'retry') this.#wakeAfter(delayMs);
  }

  #wakeAfter(delayMs: number): void {
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      this.wake();
    }, delayMs).unref();
    this.#delays.add(timer);
    if (this.#ending.signal.aborted) clearTimeout(timer);
  }

  async #renew(): Promise<void> {
    const held = [...this.#running.values()];
    if (held.length === 0) return;
    try {
      await this.#sql.query(
        `UPDATE messaging.commands c SET available_at = clock_timestamp() + make_interval(secs => $4 / 1000.0)
         FROM unnest($2::text[], $3::uuid[]) AS held(id, lease)
         WHERE c.queue = $1 AND c.id = held.id AND c.lease = held.lease AND c.state = 'open'`,
        [this.queue, held.map(({ id }) => id), held.map(({ lease }) => lease), this.#options.leaseMs],
      );
    } catch (error) {
      this.#options.log[failureLevel(error)]('The leases of running commands could not be renewed; it is tried again.', {
        ...this.#fields,
        error,
      });
    }
  }

  get #fields(): { 'labels.queue': string } {
    return { 'labels.queue': this.queue };
  }
}
