import { migrate } from '@roofshot/storage/migrate';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import { failureLevel } from '@roofshot/storage/failure-level';
import { Outbox, type NewOutboxMessage, type OutboxMessage } from '@roofshot/storage/outbox';
import { OutboxRelay, type OutboxRelayOptions } from '@roofshot/storage/outbox-relay';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { carryPacks, type CarriedMessage } from './carry-packs.ts';
import { outboxLeft } from './outbox-left.ts';
import { OutboxRoom } from './outbox-room.ts';

/**
 * So many messages may wait for a broker, which at 1 KB each is half a gigabyte and, at the rate that one machine takes events, a few
 * minutes without the broker. A broker's URL may say another number.
 */
export const MOST_WAITING = 500_000;

/** Carries messages of one kind to a broker that is not the services' database. */
export interface OutboxPort {
  /** Throws `OutOfRoom` while too many wait. */
  enqueue(tx: Queryable, messages: readonly NewOutboxMessage[]): Promise<void>;
  /** What keeps messages from leaving, a sentence each. Empty when all is well. */
  waitingFor(): readonly string[];
  /** What was set aside because it can never leave, a sentence. Empty when all is well. */
  setAside(): readonly string[];
  /** Why `enqueue` throws at the moment; undefined while it takes. */
  refusal(): string | undefined;
  /** Whether all that was said before the call leaves within the time. */
  left(withinMs: number): Promise<boolean>;
  /** A transaction that enqueued has committed. */
  wake(): void;
  stop(): Promise<void>;
}

export interface OutboxPortOptions {
  readonly sql: Sql;
  /** One schema for each kind, because each has relays of its own: `outbox_events`, `outbox_commands`. */
  readonly schema: string;
  readonly log: Logger;
  /**
   * Gets each message with its place in a stream that no other outbox has, the same one whenever the message comes again. Throws
   * `CannotLeave` for those that no further try can bring out: they are set aside.
   */
  readonly publish: (messages: readonly CarriedMessage[]) => Promise<void>;
  /** What the broker is short of at the moment, a sentence each; see waitingFor of EventBus and CommandQueue. */
  readonly troubles: () => readonly string[];
  /** Default MOST_WAITING. */
  readonly mostWaiting?: number | undefined;
}

/** Prepares the outbox's tables and starts a relay; every process that may write to the outbox also carries. */
export async function openOutbox({
  sql,
  schema,
  log,
  publish,
  troubles,
  mostWaiting = MOST_WAITING,
}: OutboxPortOptions): Promise<OutboxPort> {
  await migrate(sql, schema, deliveryMigrations);
  const outbox = new Outbox(schema);
  const onError = (error: unknown, destination?: string): void => {
    log[failureLevel(error)]('Messages could not be carried from the outbox; it is tried again.', {
      'labels.outbox': schema,
      ...(destination !== undefined && { 'labels.destination': destination }),
      error,
    });
  };
  const origin = `${await sql.identity()}/${schema}`;
  const named = (rows: readonly OutboxMessage[]): Promise<void> => carryPacks(rows, ({ shard }) => `${origin}/${shard}`, publish);
  const onSetAside: OutboxRelayOptions['onSetAside'] = (messages) => {
    for (const { messageId, reason } of messages)
      log.error('A message can never leave the outbox; it was set aside there.', {
        'labels.outbox': schema,
        'labels.message_id': messageId,
        'event.reason': reason,
      });
  };
  const relay = new OutboxRelay({ sql, schema, publish: named, onError, onSetAside });
  await relay.start();
  const room = new OutboxRoom({ sql, outbox, log, most: mostWaiting });
  const reasons = (): readonly string[] => {
    const refusals = relay.refusals.map(refusalText);
    return relay.refusals.some(({ destination }) => destination !== undefined) || troubles().length === 0 ? refusals : troubles();
  };
  return {
    enqueue: async (tx, messages) => {
      room.refuseWhenFull(reasons().join(' '));
      await outbox.enqueue(tx, messages);
    },
    left: (withinMs) => outboxLeft(sql, outbox, withinMs),
    wake: () => relay.wake(),
    waitingFor: () => [...reasons(), ...toldOf(room, reasons().length > 0)],
    setAside: () => toldAside(room, schema),
    refusal: () => room.refusal,
    stop: async () => {
      await room.stop();
      await relay.stop();
    },
  };
}

function refusalText({ destination, error }: OutboxRelay['refusals'][number]): string {
  const reason = error instanceof Error ? error.message : String(error);
  return destination === undefined || destination === '' ? reason : `What is said to "${destination}" cannot leave: ${reason}`;
}

/** Messages that wait for a moment are no trouble. */
function toldOf(room: OutboxRoom, isStuck: boolean): string[] {
  if (room.refusal !== undefined) return [room.refusal];
  return isStuck && room.waiting > 0 ? [`About ${room.waiting} messages wait in the database until they can be sent.`] : [];
}

function toldAside({ setAside }: OutboxRoom, schema: string): string[] {
  if (setAside === undefined) return [];
  const { count, reason } = setAside;
  return [
    `${count} ${count === 1 ? 'message' : 'messages'} could not leave and ${count === 1 ? 'lies' : 'lie'} in ${schema}.outbox_set_aside, the last because: ${reason} ` +
      `When that is mended, "SELECT ${schema}.send_set_aside()" sends them again.`,
  ];
}
