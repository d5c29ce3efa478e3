import { setTimeout as delay } from 'node:timers/promises';
import { outboxChannel } from './outbox.ts';
import type { OutboxMessage, SetAsideMessage } from './outbox.ts';
import { schemaName } from './schema-name.ts';
import type { Queryable, Sql } from './sql.ts';

/** Thrown by `publish`, which has sent nothing or may send the others again: these messages can never leave. By their sequence, why. */
export class CannotLeave extends Error {
  override readonly name = 'CannotLeave';
  readonly reasons: ReadonlyMap<number, string>;

  constructor(reasons: ReadonlyMap<number, string>) {
    super([...reasons.values()].join(' '));
    this.reasons = reasons;
  }
}

export interface OutboxRelayOptions {
  sql: Sql;
  /** The service's own schema. */
  schema: string;
  /** Publishes one shard's messages, never none, in their order and resolves when the broker has acknowledged all. It may get the same ones again. */
  publish: (messages: readonly OutboxMessage[]) => Promise<void>;
  /** Hears a failed publish or database; the relay goes on by itself with growing pauses. */
  onError: (error: unknown) => void;
  /** Hears what was set aside, after the commit. */
  onSetAside: (messages: readonly SetAsideMessage[]) => void;
  /** Most messages in one publish; default 500. */
  batchSize?: number;
  /** How often it looks without being woken; default 1,000. Only a fall-back, for notifications lost with a connection. */
  pollMs?: number;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;

interface Pause {
  failures: number;
  until: number;
}

/**
 * Carries messages from the outbox to a broker: each shard strictly in order, by one relay at a time, and deleted only after the
 * acknowledgement. Any number of relays may run; a shard's relay is whoever holds the shard's lock, which PostgreSQL frees with a
 * killed relay's connection. After a crash between publish and delete the same messages go out again with the same ids.
 * A shard whose publish fails waits with growing pauses; the other shards go on. What can never leave is set aside, so that the shard goes on.
 */
export class OutboxRelay {
  readonly #options: Required<OutboxRelayOptions>;
  readonly #stop = new AbortController();
  readonly #pauses = new Map<number, Pause>();
  #wake: () => void = () => undefined;
  #woken = false;
  #running: Promise<void> | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = { batchSize: 500, pollMs: 1_000, ...options, schema: schemaName(options.schema) };
  }

  /** Begins to carry; resolves when it hears the outbox. */
  async start(): Promise<void> {
    this.#unlisten = await this.#options.sql.listen(outboxChannel(this.#options.schema), () => this.wake());
    this.#running = this.#run();
  }

  /** Looks at once, for callers in the same process that know of a commit. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Carries what was committed before the call, except what another relay is carrying. Throws the first failure, after trying every shard. */
  async flush(): Promise<void> {
    const failures: unknown[] = [];
    for (const shard of await this.#shardsWithMessages()) {
      try {
        while ((await this.#carry(shard)) === this.#options.batchSize);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Ends after the batch that is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#unlisten?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#woken = false;
      try {
        for (const shard of await this.#shardsWithMessages()) await this.#carryOrPause(shard);
      } catch (error) {
        this.#options.onError(error);
      }
      await this.#rest();
    }
  }

  async #carryOrPause(shard: number): Promise<void> {
    const pause = this.#pauses.get(shard);
    if (pause !== undefined && pause.until > Date.now()) return;
    try {
      while ((await this.#carry(shard)) === this.#options.batchSize && !this.#stop.signal.aborted);
      this.#pauses.delete(shard);
    } catch (error) {
      const failures = (pause?.failures ?? 0) + 1;
      this.#pauses.set(shard, { failures, until: Date.now() + Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS) });
      this.#options.onError(error);
    }
  }

  /** Until the next look, the end of the first pause, a wake-up or the stop, whichever comes first. */
  async #rest(): Promise<void> {
    if (this.#woken) return;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    const untilPauseEnds = Math.min(...[...this.#pauses.values()].map(({ until }) => Math.max(until - Date.now(), 0)));
    const signal = AbortSignal.any([this.#stop.signal, waiting.signal]);
    await delay(Math.min(this.#options.pollMs, untilPauseEnds), undefined, { signal }).catch(() => undefined); // woken or stopped
    this.#wake = () => undefined;
  }

  async #shardsWithMessages(): Promise<number[]> {
    const rows = await this.#options.sql.query<{ shard: number }>(
      `SELECT DISTINCT shard FROM ${this.#options.schema}.outbox ORDER BY shard`,
    );
    return rows.map(({ shard }) => shard);
  }

  /** One batch of one shard; answers its size, 0 when there is none or another relay has the shard. */
  async #carry(shard: number): Promise<number> {
    const { sql, publish } = this.#options;
    // Committed before anything is sent: whoever sends these again, after a crash of this relay, does so in the same order.
    await sql.transaction(async (tx) => {
      if (await this.#lock(tx, shard)) await this.#number(tx, shard);
    });
    let [carried, aside]: [number, readonly SetAsideMessage[]] = [0, []];
    await sql.transaction(async (tx) => {
      [carried, aside] = [0, []];
      if (!(await this.#lock(tx, shard))) return;
      const messages = await this.#numbered(tx, shard);
      if (messages.length === 0) return;
      try {
        await publish(messages);
        await tx.query(`DELETE FROM ${this.#options.schema}.outbox WHERE id = ANY($1::bigint[])`, [messages.map(({ id }) => id)]);
        carried = messages.length;
      } catch (error) {
        if (!(error instanceof CannotLeave)) throw error;
        aside = await this.#setAside(tx, messages, error.reasons);
      }
    });
    if (aside.length === 0) return carried;
    this.#options.onSetAside(aside);
    return this.#options.batchSize; // the others of the batch are still there
  }

  async #setAside(tx: Queryable, messages: readonly OutboxMessage[], reasons: ReadonlyMap<number, string>): Promise<SetAsideMessage[]> {
    const { schema } = this.#options;
    const aside = messages.flatMap(({ id, sequence, messageId }) => {
      const reason = reasons.get(sequence);
      return reason === undefined ? [] : [{ id, messageId, reason }];
    });
    if (aside.length === 0) throw new CannotLeave(reasons); // it named others than it was given
    await tx.query(
      `WITH gone AS (DELETE FROM ${schema}.outbox WHERE id = ANY($1::bigint[]) RETURNING *)
       INSERT INTO ${schema}.outbox_set_aside (id, shard, kind, message_id, payload, created_at, reason, set_aside_at)
       SELECT g.id, g.shard, g.kind, g.message_id, g.payload, g.created_at, a.reason, now()
       FROM gone g JOIN unnest($1::bigint[], $2::text[]) AS a(id, reason) ON a.id = g.id`,
      [aside.map(({ id }) => id), aside.map(({ reason }) => reason)],
    );
    return aside;
  }

  async #lock(tx: Queryable, shard: number): Promise<boolean> {
    const [lock] = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock(hashtextextended($1, $2)) AS mine', [
      `roofshot outbox ${this.#options.schema}`,
      shard,
    ]);
    return lock?.mine === true;
  }

  /**
   * A message that commits late may have a lower id than one that was sent: ids cannot tell the order of sending. Numbers are
   * microseconds since 1970, or the next free one: above all that the stream has ever sent, also by a database that a backup has put
   * back in time and that no longer knows what it sent since.
   */
  async #number(tx: Queryable, shard: number): Promise<void> {
    const { schema, batchSize } = this.#options;
    await tx.query(
      `WITH waiting AS (
         SELECT id, row_number() OVER (ORDER BY id) AS rank
         FROM (SELECT id FROM ${schema}.outbox WHERE shard = $1 AND sequence IS NULL ORDER BY id LIMIT $2) unnumbered
       ),
       drawn AS (
         INSERT INTO ${schema}.outbox_streams AS stream (shard, last_sequence)
         SELECT $1, floor(extract(epoch FROM clock_timestamp()) * 1e6) + count(*) FROM waiting HAVING count(*) > 0
         ON CONFLICT (shard) DO UPDATE
         SET last_sequence = greatest(excluded.last_sequence, stream.last_sequence + (SELECT count(*) FROM waiting))
         RETURNING last_sequence - (SELECT count(*) FROM waiting) AS before
       )
       UPDATE ${schema}.outbox o SET sequence = drawn.before + waiting.rank FROM waiting, drawn WHERE o.id = waiting.id`,
      [shard, batchSize],
    );
  }

  #numbered(tx: Queryable, shard: number): Promise<OutboxMessage[]> {
    const { schema, batchSize } = this.#options;
    return tx.query<OutboxMessage>(
      `SELECT id, shard, sequence, kind, message_id AS "messageId", payload, created_at AS "createdAt"
       FROM ${schema}.outbox WHERE shard = $1 AND sequence IS NOT NULL ORDER BY sequence LIMIT $2`,
      [shard, batchSize],
    );
  }
}
