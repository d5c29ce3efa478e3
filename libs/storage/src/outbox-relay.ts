import { setTimeout as delay } from 'node:timers/promises';
import { OUTBOX_SHARDS, outboxChannel } from './outbox.ts';
import type { OutboxMessage } from './outbox.ts';
import { schemaName } from './schema-name.ts';
import type { Sql } from './sql.ts';

export interface OutboxRelayOptions {
  sql: Sql;
  /** The service's own schema. */
  schema: string;
  /** Publishes one shard's messages in their order and resolves when the broker has acknowledged all. It may get the same ones again. */
  publish: (messages: readonly OutboxMessage[]) => Promise<void>;
  /** Hears a failed publish or database; the relay goes on by itself with growing pauses. */
  onError: (error: unknown) => void;
  /** Most messages in one publish; default 500. */
  batchSize?: number;
  /** How often it looks without being woken; default 1,000. Only a fall-back, for notifications lost with a connection. */
  pollMs?: number;
}

const LONGEST_BACKOFF_MS = 10_000;

/**
 * Carries messages from the outbox to a broker: each shard strictly in order, by one relay at a time, and deleted only after the
 * acknowledgement. Any number of relays may run; a shard's relay is whoever holds the shard's lock, which PostgreSQL frees with a
 * killed relay's connection. After a crash between publish and delete the same messages go out again with the same ids.
 */
export class OutboxRelay {
  readonly #options: Required<OutboxRelayOptions>;
  readonly #stop = new AbortController();
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

  /** Looks at once, for callers that know of a commit before the notification arrives. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Carries everything that has been committed before the call and is not being carried by another relay. Throws what publish throws. */
  async flush(): Promise<void> {
    for (let shard = 0; shard < OUTBOX_SHARDS; shard += 1) {
      while ((await this.#carry(shard)) === this.#options.batchSize);
    }
  }

  /** Ends after the batch that is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#unlisten?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted;) {
      this.#woken = false;
      try {
        await this.flush();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#options.onError(error);
      }
      await this.#rest(failures);
    }
  }

  /** After a failure a wake-up must not shorten the pause, or a busy outbox would hammer a broker that is down. */
  async #rest(failures: number): Promise<void> {
    const pause = failures === 0 ? this.#options.pollMs : Math.min(50 * 2 ** failures, LONGEST_BACKOFF_MS);
    if (failures === 0 && this.#woken) return;
    const waiting = new AbortController();
    if (failures === 0) this.#wake = () => waiting.abort();
    const signal = AbortSignal.any([this.#stop.signal, waiting.signal]);
    await delay(pause, undefined, { signal }).catch(() => undefined); // woken or stopped
    this.#wake = () => undefined;
  }

  /** One batch of one shard; answers its size, 0 when there is none or another relay has the shard. */
  #carry(shard: number): Promise<number> {
    const { sql, schema, publish, batchSize } = this.#options;
    return sql.transaction(async (tx) => {
      const [lock] = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock(hashtextextended($1, $2)) AS mine', [
        `roofshot outbox ${schema}`,
        shard,
      ]);
      if (lock?.mine !== true) return 0;
      const messages = await tx.query<OutboxMessage>(
        `SELECT id, shard, kind, message_id AS "messageId", payload, created_at AS "createdAt"
         FROM ${schema}.outbox WHERE shard = $1 ORDER BY id LIMIT $2`,
        [shard, batchSize],
      );
      if (messages.length === 0) return 0;
      await publish(messages);
      await tx.query(`DELETE FROM ${schema}.outbox WHERE id = ANY($1::bigint[])`, [messages.map(({ id }) => id)]);
      return messages.length;
    });
  }
}
