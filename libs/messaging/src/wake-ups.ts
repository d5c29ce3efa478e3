import { randomUUID } from 'node:crypto';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';

/** What may have something new; undefined: the connection was lost, so notifications may have been missed, or the server was killed. */
export type Woken = (subjects: readonly string[] | undefined) => void;

/** At most one NOTIFY in this time, because each one costs a commit of its own. Within the process there is no such limit. */
const NOTIFY_EVERY_MS = 5;
/** PostgreSQL carries 7,999 bytes, and a subject's name is much shorter than the rest; what does not fit goes with the next one. */
const MAX_LIST = 7_000;

/**
 * Tells readers in this and other processes that there is something to read. Only ever a hint: whoever misses one finds the
 * records at the next poll. NOTIFY runs outside the writers' transactions, where it would make their commits wait for each other.
 */
export class WakeUps {
  readonly #sql: Sql;
  readonly #channel: string;
  readonly #log: Logger;
  readonly #self = randomUUID();
  readonly #listeners = new Set<Woken>();
  readonly #pending = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #unlisten: (() => Promise<void>) | undefined;
  #closed = false;

  constructor(sql: Sql, channel: string, log: Logger) {
    this.#sql = sql;
    this.#channel = channel;
    this.#log = log;
  }

  async start(): Promise<void> {
    this.#unlisten = await this.#sql.listen(this.#channel, (payload) => this.#heard(payload));
  }

  /** Calls `woken` from now on; answers how to stop. It must not throw. */
  onWake(woken: Woken): () => void {
    this.#listeners.add(woken);
    return () => void this.#listeners.delete(woken);
  }

  announce(subjects: Iterable<string>): void {
    if (this.#closed) return;
    const fresh = [...subjects];
    for (const subject of fresh) this.#pending.add(subject);
    this.#tell(fresh);
    if (this.#timer === undefined) this.#notify();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.#sending;
    await this.#unlisten?.();
  }

  #heard(payload: string | undefined): void {
    const [sender, ...subjects] = payload?.split(' ') ?? [];
    if (sender === this.#self) return;
    this.#tell(sender === undefined ? undefined : subjects);
  }

  #tell(subjects: readonly string[] | undefined): void {
    for (const listener of this.#listeners) listener(subjects);
  }

  #notify(): void {
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    this.#sending = this.#send(`${this.#self} ${this.#takePending().join(' ')}`);
    this.#timer = setTimeout(() => this.#notify(), NOTIFY_EVERY_MS).unref();
  }

  #takePending(): string[] {
    const taken: string[] = [];
    let length = 0;
    for (const subject of this.#pending) {
      if (length > MAX_LIST) break;
      length += subject.length + 1;
      taken.push(subject);
      this.#pending.delete(subject);
    }
    return taken;
  }

  async #send(payload: string): Promise<void> {
    try {
      // Losing a notification in a power cut is harmless, so its commit need not wait for the disk.
      await this.#sql.query(`SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`, [this.#channel, payload]);
    } catch (error) {
      this.#log.debug('Other processes were not told of new messages and will find them at their next poll.', { error });
    }
  }
}
