import { CannotLeave, PartlyPublished } from '@roofshot/storage/outbox-relay';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { CarriedMessage } from '../carry-packs.ts';
import { openOutbox, type OutboxPort } from '../outbox-port.ts';
import type { CommandQueue, DeadCommand, OutgoingCommand, QueueConsumption, ReceivedCommand, Settlement } from './queue.ts';

/** A queue elsewhere than the services' database: their transactions cannot write into it. */
export interface RemoteQueue extends Omit<CommandQueue, 'sharesDatabase' | 'sendIn' | 'announce' | 'setAside' | 'refusal'> {
  /** Of a command's payload; what is larger is refused. */
  readonly mostBytes: number;
}

/**
 * A queue that lies elsewhere than the services' database. `sendIn` writes into an outbox in that database, and a relay carries it to
 * the queue; a command that is carried twice is recognised by its id, by the queue or by its consumer's inbox.
 */
export class OutboxQueue implements CommandQueue {
  readonly sharesDatabase = false;
  readonly #queue: RemoteQueue;
  readonly #outbox: OutboxPort;
  readonly #known = new Set<string>();

  private constructor(queue: RemoteQueue, outbox: OutboxPort) {
    this.#queue = queue;
    this.#outbox = outbox;
  }

  /** `sql`: the services' database; `mostWaiting`: see MOST_WAITING. Closing this queue closes `queue`. */
  static async open(queue: RemoteQueue, sql: Sql, log: Logger, mostWaiting?: number): Promise<OutboxQueue> {
    const publish = async (messages: readonly CarriedMessage[]): Promise<void> => {
      const commands = messages.map(({ payload }) => payload as OutgoingCommand);
      try {
        await queue.send(commands);
      } catch (error) {
        if (error instanceof PartlyPublished) throw error;
        const reasons = commands.flatMap((command, index) => {
          const reason = sizeFault(command, queue.mostBytes);
          return reason === undefined ? [] : [[index, reason] as const];
        });
        throw reasons.length > 0 ? new CannotLeave(new Map(reasons)) : error;
      }
    };
    const troubles = (): readonly string[] => queue.waitingFor();
    return new OutboxQueue(queue, await openOutbox({ sql, schema: 'outbox_commands', log, publish, troubles, mostWaiting }));
  }

  /** The queue must exist already and take each command: a mistake must fail the transaction and not block the relay. */
  async sendIn(tx: Queryable, commands: readonly OutgoingCommand[]): Promise<void> {
    for (const command of commands) {
      await this.#refuseUnknown(command.queue);
      const fault = sizeFault(command, this.#queue.mostBytes);
      if (fault !== undefined) throw new Error(fault);
    }
    await this.#outbox.enqueue(
      tx,
      commands.map((command) => ({
        key: command.id,
        kind: 'command',
        destination: command.queue,
        messageId: command.id,
        payload: JSON.stringify(command),
      })),
    );
  }

  /** Wakes the relay; its sending wakes the consumers. */
  announce(): void {
    this.#outbox.wake();
  }

  async ensureQueues(queues: readonly string[]): Promise<void> {
    await this.#queue.ensureQueues(queues);
    for (const queue of queues) this.#known.add(queue);
  }

  send(commands: readonly OutgoingCommand[]): Promise<void> {
    return this.#queue.send(commands);
  }

  consume(
    queue: string,
    handler: (command: ReceivedCommand) => Promise<Settlement>,
    options?: { concurrency?: number },
  ): Promise<QueueConsumption> {
    return this.#queue.consume(queue, handler, options);
  }

  deadLetters(queue: string): Promise<DeadCommand[]> {
    return this.#queue.deadLetters(queue);
  }

  adoptDead(queue: string, keep: (letters: readonly DeadCommand[]) => Promise<void>): Promise<number> {
    return this.#queue.adoptDead(queue, keep);
  }

  depth(queue: string): Promise<number> {
    return this.#queue.depth(queue);
  }

  waitingFor(): readonly string[] {
    return this.#outbox.waitingFor();
  }

  setAside(): readonly string[] {
    return this.#outbox.setAside();
  }

  refusal(): string | undefined {
    return this.#outbox.refusal();
  }

  async close(): Promise<void> {
    await this.#outbox.stop();
    await this.#queue.close();
  }

  async #refuseUnknown(queue: string): Promise<void> {
    if (this.#known.has(queue)) return;
    await this.#queue.depth(queue); // throws when there is none
    this.#known.add(queue);
  }
}

function sizeFault({ queue, id, payload }: OutgoingCommand, most: number): string | undefined {
  const bytes = Buffer.byteLength(payload);
  if (bytes <= most) return undefined;
  return `The command ${id} for "${queue}" is too large: ${bytes} bytes, the queue takes ${most}. Keep large content elsewhere and send its address.`;
}
