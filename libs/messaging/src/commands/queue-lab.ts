import type { Sql } from '@roofshot/storage/sql';
import type { CommandQueue, OutgoingCommand, QueueConsumption, ReceivedCommand, Settlement } from './queue.ts';

/** What a conformance suite needs of an adapter: one broker, and several processes' views of it. */
export interface QueueLab {
  /** A queue of its own, as another process would have it. The lab closes what is still open. */
  open(options?: { readonly leaseMs?: number }): Promise<CommandQueue>;
  /** As if the process were killed: nothing is settled or renewed any more, and nothing is said to the broker. */
  kill(queue: CommandQueue): Promise<void>;
  /** The database whose transactions `sendIn` takes part in. */
  readonly sql: Sql;
  close(): Promise<void>;
}

let names = 0;
/** A queue name that no other test has. */
export const freshQueue = (): string => `work-${(names += 1)}.do.v1`;

export function commandOf(queue: string, id: string, data: unknown = {}, delayMs?: number): OutgoingCommand {
  return { queue, id, headers: { correlationid: `c-${id}` }, payload: JSON.stringify(data), ...(delayMs !== undefined && { delayMs }) };
}

/** Consumes and keeps what it got; settles by `answer`. */
export class MemoryConsumer {
  readonly received: ReceivedCommand[] = [];
  running = 0;
  mostRunning = 0;
  #consumption: QueueConsumption | undefined;

  async start(
    queue: CommandQueue,
    name: string,
    answer: (command: ReceivedCommand) => Settlement | Promise<Settlement> = () => ({ kind: 'ack' }),
    concurrency?: number,
  ): Promise<this> {
    const handler = async (command: ReceivedCommand): Promise<Settlement> => {
      this.received.push(command);
      this.mostRunning = Math.max(this.mostRunning, (this.running += 1));
      try {
        return await answer(command);
      } finally {
        this.running -= 1;
      }
    };
    this.#consumption = await queue.consume(name, handler, { ...(concurrency !== undefined && { concurrency }) });
    return this;
  }

  get ids(): string[] {
    return this.received.map(({ id }) => id);
  }

  async stop(): Promise<void> {
    await this.#consumption?.stop();
  }
}
