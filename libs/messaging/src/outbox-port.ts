import { migrate } from '@roofshot/storage/migrate';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import { failureLevel } from '@roofshot/storage/failure-level';
import { Outbox, type NewOutboxMessage, type OutboxMessage } from '@roofshot/storage/outbox';
import { OutboxRelay } from '@roofshot/storage/outbox-relay';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';

/** Carries messages of one kind to a broker that is not the services' database. */
export interface OutboxPort {
  enqueue(tx: Queryable, messages: readonly NewOutboxMessage[]): Promise<void>;
  /** A transaction that enqueued has committed. */
  wake(): void;
  stop(): Promise<void>;
}

export interface OutboxPortOptions {
  readonly sql: Sql;
  /** One schema for each kind, because each has relays of its own: `outbox_events`, `outbox_commands`. */
  readonly schema: string;
  readonly log: Logger;
  /** Gets each message with its place in a stream that no other outbox has, the same one whenever the message comes again. */
  readonly publish: (messages: readonly CarriedMessage[]) => Promise<void>;
}

export interface CarriedMessage {
  /** The stream: one shard of one outbox. */
  readonly origin: string;
  /** Ascending within the stream in the order of sending. */
  readonly sequence: number;
  readonly payload: string;
}

/** Prepares the outbox's tables and starts a relay; every process that may write to the outbox also carries. */
export async function openOutbox({ sql, schema, log, publish }: OutboxPortOptions): Promise<OutboxPort> {
  await migrate(sql, schema, deliveryMigrations);
  const outbox = new Outbox(schema);
  const onError = (error: unknown): void => {
    log[failureLevel(error)]('Messages could not be carried from the outbox; it is tried again.', { 'labels.outbox': schema, error });
  };
  const origin = `${await sql.identity()}/${schema}`;
  const named = (messages: readonly OutboxMessage[]): Promise<void> =>
    publish(messages.map(({ shard, sequence, payload }) => ({ origin: `${origin}/${shard}`, sequence, payload })));
  const relay = new OutboxRelay({ sql, schema, publish: named, onError });
  await relay.start();
  return { enqueue: (tx, messages) => outbox.enqueue(tx, messages), wake: () => relay.wake(), stop: () => relay.stop() };
}
