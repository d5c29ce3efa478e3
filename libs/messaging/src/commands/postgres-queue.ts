import { failureLevel } from '@roofshot/storage/failure-level';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { oneAtATime } from '../one-at-a-time.ts';
import { prepareMessagingSchema } from '../postgres-schema.ts';
import { WakeUps } from '../wake-ups.ts';
import { QueueConsumer } from './queue-consumer.ts';
import type { CommandQueue, DeadCommand, OutgoingCommand, QueueConsumption, ReceivedCommand, Settlement } from './queue.ts';
import { unknownQueue } from './unknown-queue.ts';

export interface PostgresQueueOptions {
  readonly log: Logger;
  /** A command whose consumer gives no sign of life for so long is delivered again. Default 30 s. */
  readonly leaseMs?: number;
  /** Runs after everything is closed: for whoever opened the database for this queue alone. */
  readonly onClosed?: () => Promise<void>;
}

const CHANNEL = 'roofshot_commands';
const DEFAULT_LEASE_MS = 30_000;
/** The fall-back where a wake-up was missed, and what finds commands whose delay or lease is over: one query for the whole process. */
const POLL_MS = 500;
const PURGE_MS = 3_600_000;
/** The horizon within which a command that is sent again is recognised. */
const HORIZON_DAYS = 7;

const SEND = `
  INSERT INTO messaging.commands (queue, id, payload, headers, available_at)
  SELECT queue, id, payload, headers, clock_timestamp() + make_interval(secs => delay_ms / 1000.0)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[]) AS c(queue, id, payload, headers, delay_ms)
  ORDER BY queue, id -- one order for all senders, so that they cannot wait for each other in a circle
  ON CONFLICT (queue, id) DO NOTHING`;

interface DeadRow {
  readonly id: string;
  readonly payload: string;
  readonly headers: string;
  readonly attempts: number;
  readonly reason: string | null;
  readonly first_failed_at: Date | null;
  readonly settled_at: Date;
}

/** So many dead letters are handed over at once. */
const ADOPTED_AT_ONCE = 500;

const ADOPT = `
  DELETE FROM messaging.commands c USING (
    SELECT queue, id FROM messaging.commands WHERE queue = $1 AND state = 'dead' ORDER BY settled_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
  ) dead WHERE c.queue = dead.queue AND c.id = dead.id
  RETURNING c.id, c.payload, c.headers, c.attempts, c.reason, c.first_failed_at, c.settled_at`;

/** The command queue in PostgreSQL. Promises: see CommandQueue. */
export class PostgresQueue implements CommandQueue {
  readonly sharesDatabase = true;
  readonly mostBytes = Infinity;
  readonly #sql: Sql;
  readonly #log: Logger;
  readonly #leaseMs: number;
  readonly #wakeUps: WakeUps;
  readonly #consumers = new Set<QueueConsumer>();
  readonly #timers: NodeJS.Timeout[] = [];
  #known = new Set<string>();
  #looking: Promise<void> = Promise.resolve();
  #purging: Promise<unknown> = Promise.resolve();
  readonly #onClosed: () => Promise<void>;
  #closed = false;

  private constructor(sql: Sql, { log, leaseMs = DEFAULT_LEASE_MS, onClosed = () => Promise.resolve() }: PostgresQueueOptions) {
    this.#onClosed = onClosed;
    this.#sql = sql;
    this.#log = log;
    this.#leaseMs = leaseMs;
    this.#wakeUps = new WakeUps(sql, CHANNEL, log);
  }

  /** Creates the tables where they are missing. `sql` stays the caller's: close the queue first. */
  static async open(sql: Sql, options: PostgresQueueOptions): Promise<PostgresQueue> {
    await prepareMessagingSchema(sql);
    const queue = new PostgresQueue(sql, options);
    await queue.#wakeUps.start();
    queue.#timers.push(setInterval(() => queue.#poll(), POLL_MS).unref(), setInterval(() => queue.#purgeByItself(), PURGE_MS).unref());
    return queue;
  }

  async ensureQueues(queues: readonly string[]): Promise<void> {
    await this.#sql.query('INSERT INTO messaging.queues SELECT * FROM unnest($1::text[]) AS q(name) ORDER BY name ON CONFLICT DO NOTHING', [
      queues,
    ]);
    for (const queue of queues) this.#known.add(queue);
  }

  async send(commands: readonly OutgoingCommand[]): Promise<void> {
    await this.sendIn(this.#sql, commands);
    this.announce(new Set(commands.map(({ queue }) => queue)));
  }

  async sendIn(tx: Queryable, commands: readonly OutgoingCommand[]): Promise<void> {
    if (commands.length === 0) return;
    await this.#refuseUnknown(new Set(commands.map(({ queue }) => queue)));
    await tx.query(SEND, [
      commands.map(({ queue }) => queue),
      commands.map(({ id }) => id),
      commands.map(({ payload }) => payload),
      commands.map(({ headers }) => JSON.stringify(headers)),
      commands.map(({ delayMs }) => delayMs ?? 0),
    ]);
  }

  announce(queues: Iterable<string>): void {
    this.#wakeUps.announce(queues);
  }

  async consume(
    queue: string,
    handler: (command: ReceivedCommand) => Promise<Settlement>,
    options: { concurrency?: number } = {},
  ): Promise<QueueConsumption> {
    if (this.#closed) throw new Error(`Cannot consume ${queue}: the command queue was closed.`);
    await this.#refuseUnknown([queue]);
    const forget = this.#wakeUps.onWake((queues) => {
      if (queues === undefined || queues.includes(queue)) consumer.wake();
    });
    const consumer: QueueConsumer = new QueueConsumer(this.#sql, handler, {
      queue,
      concurrency: options.concurrency ?? 4,
      leaseMs: this.#leaseMs,
      log: this.#log,
      onStop: () => {
        forget();
        this.#consumers.delete(consumer);
      },
    });
    this.#consumers.add(consumer);
    consumer.wake();
    return consumer;
  }

  async deadLetters(queue: string): Promise<DeadCommand[]> {
    const rows = await this.#sql.query<DeadRow>(
      `SELECT id, payload, headers, attempts, reason, first_failed_at, settled_at FROM messaging.commands
       WHERE queue = $1 AND state = 'dead' ORDER BY settled_at, id`,
      [queue],
    );
    return rows.map((row) => deadCommandOf(queue, row));
  }

  async adoptDead(queue: string, keep: (letters: readonly DeadCommand[]) => Promise<void>): Promise<number> {
    for (let adopted = 0; ;) {
      const part = await this.#sql.transaction(async (tx) => {
        const rows = await tx.query<DeadRow>(ADOPT, [queue, ADOPTED_AT_ONCE]);
        if (rows.length > 0) await keep(rows.map((row) => deadCommandOf(queue, row)));
        return rows.length;
      });
      adopted += part;
      if (part < ADOPTED_AT_ONCE) return adopted;
    }
  }

  async depth(queue: string): Promise<number> {
    await this.#refuseUnknown([queue]);
    const [row] = await this.#sql.query<{ depth: number }>(
      `SELECT count(*) AS depth FROM messaging.commands WHERE queue = $1 AND state = 'open'`,
      [queue],
    );
    return row?.depth ?? 0;
  }

  /** A database that is away is told by whoever asks it. */
  waitingFor(): readonly string[] {
    return [];
  }

  setAside(): readonly string[] {
    return [];
  }

  refusal(): undefined {
    return undefined;
  }

  /** Forgets what was done before the horizon; runs by itself every hour. Answers how many. */
  async purge(): Promise<number> {
    const rows = await this.#sql.query(
      `DELETE FROM messaging.commands WHERE state = 'done' AND settled_at < clock_timestamp() - make_interval(days => $1) RETURNING 1`,
      [HORIZON_DAYS],
    );
    return rows.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await this.#wakeUps.close();
    await Promise.all([this.#looking, this.#purging]);
    await this.#onClosed();
  }

  async #refuseUnknown(queues: Iterable<string>): Promise<void> {
    const unknown = [...queues].find((queue) => !this.#known.has(queue));
    if (unknown === undefined) return;
    const rows = await this.#sql.query<{ name: string }>('SELECT name FROM messaging.queues');
    this.#known = new Set(rows.map(({ name }) => name));
    if (!this.#known.has(unknown)) throw unknownQueue(unknown);
  }

  #poll(): void {
    if (this.#consumers.size > 0) this.#looking = this.#look();
  }

  readonly #look = oneAtATime(async () => {
    const queues = new Set([...this.#consumers].map((consumer) => consumer.queue));
    try {
      const due = await this.#sql.query<{ queue: string }>(
        `SELECT q.queue FROM unnest($1::text[]) AS q(queue) WHERE EXISTS (
           SELECT 1 FROM messaging.commands c WHERE c.queue = q.queue AND c.state = 'open' AND c.available_at <= clock_timestamp())`,
        [[...queues]],
      );
      const names = new Set(due.map(({ queue }) => queue));
      for (const consumer of this.#consumers) if (names.has(consumer.queue)) consumer.wake();
    } catch (error) {
      this.#log[failureLevel(error)]('The command queue could not be read; it is tried again.', { error });
    }
  });

  #purgeByItself(): void {
    this.#purging = this.purge().catch((error: unknown) => {
      this.#log[failureLevel(error)]('Old commands could not be purged; it is tried again in an hour.', { error });
    });
  }
}

function deadCommandOf(queue: string, row: DeadRow): DeadCommand {
  return {
    queue,
    id: row.id,
    payload: row.payload,
    headers: JSON.parse(row.headers) as Record<string, string>,
    attempt: row.attempts,
    ...(row.first_failed_at !== null && { firstFailedAt: row.first_failed_at.getTime() }),
    reason: row.reason ?? '',
    diedAt: row.settled_at.getTime(),
  };
}
