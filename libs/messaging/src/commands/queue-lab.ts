import { randomBytes } from 'node:crypto';
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

/** Of this run: a broker keeps the queues of earlier ones. */
const RUN = randomBytes(4).toString('hex');
/** All names that were given out, for whoever cleans up. */
export const givenQueues: string[] = [];

/** A queue name that no other test has. */
export function freshQueue(): string {
  const name = `work-${RUN}-${givenQueues.length}.do.v1`;
  givenQueues.push(name);
  return name;
}

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
    queue: Pick<CommandQueue, 'consume'>,
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
