import type { CommandDefinition, DataOf, TopicDefinition } from '@roofshot/contracts/define';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { CommandQueue } from './commands/queue.ts';
import type { EventBus, OutgoingRecord } from './events/bus.ts';
import type { NewEventOf, Tx } from './handlers.ts';
import { MessageBuffer, type Outlets } from './message-buffer.ts';
import type { Speaker } from './speaker.ts';

/** Runs work in one database transaction; what it publishes and sends becomes visible when the state does. */
export interface Transactions {
  /** `work` may run more than once (deadlocks are tried again): no side effects beside `tx`. */
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** The transactions of one service. */
export function createTransactions(sql: Sql, bus: EventBus, queue: CommandQueue, speaker: Speaker): Transactions {
  return { run: (work) => runTransaction(sql, { bus, queue }, speaker, work) };
}

/** A transaction that knows whether it has said anything yet. */
export interface ListeningTx extends Tx {
  readonly hasSpoken: boolean;
}

/** One transaction: `work`, then the commands it said, then its events as the very last statement. After the commit readers are woken. */
export async function runTransaction<T>(sql: Sql, outlets: Outlets, speaker: Speaker, work: (tx: ListeningTx) => Promise<T>): Promise<T> {
  let buffer = new MessageBuffer(speaker);
  const result = await sql.transaction(async (queryable) => {
    buffer = new MessageBuffer(speaker); // a retried transaction says everything again
    const answer = await work(new SpeakingTx(queryable, buffer));
    await buffer.writeIn(queryable, outlets);
    return answer;
  });
  buffer.announce(outlets);
  return result;
}

class SpeakingTx implements ListeningTx {
  readonly #queryable: Queryable;
  readonly #buffer: MessageBuffer;

  constructor(queryable: Queryable, buffer: MessageBuffer) {
    this.#queryable = queryable;
    this.#buffer = buffer;
  }

  get hasSpoken(): boolean {
    return this.#buffer.size > 0;
  }

  query<R = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<R[]> {
    return this.#queryable.query<R>(text, params);
  }

  publish<T extends TopicDefinition>(topic: T, events: readonly NewEventOf<T>[]): void {
    this.#buffer.publish(topic, events);
  }

  forward(records: readonly OutgoingRecord[]): void {
    this.#buffer.forward(records);
  }

  send<C extends CommandDefinition>(command: C, data: DataOf<C>, options?: { readonly delayMs?: number }): void {
    this.#buffer.send(command, data, options);
  }
}
