import { unknownQueue } from '../unknown-queue.ts';
import type { RabbitConnection } from './rabbit-connection.ts';
import { deadMessageFor, messageFor, type HeldCommand, type RabbitMessage } from './rabbit-messages.ts';
import { Unroutable, type RabbitSends } from './rabbit-sends.ts';
import { deadQueueOf, declareQueue, delayFor, delayQueueOf, queueExists } from './rabbit-topology.ts';

/** Where a command goes: its queue, a delay before it, or its dead letters. Each way resolves when the broker has it on disk. */
export class RabbitRoutes {
  readonly #sends: RabbitSends;
  readonly #connection: RabbitConnection;

  constructor(sends: RabbitSends, connection: RabbitConnection) {
    this.#sends = sends;
    this.#connection = connection;
  }

  /** Throws when there is no such queue. */
  deliver(queue: string, held: HeldCommand, delayMs = 0): Promise<void> {
    return delayMs > 0 ? this.delay(queue, held, { attempts: 0, delayMs }) : this.#send(queue, messageFor(queue, held, { attempts: 0 }));
  }

  delay(queue: string, held: HeldCommand, { attempts, delayMs }: { readonly attempts: number; readonly delayMs: number }): Promise<void> {
    const { stepMs, leftMs } = delayFor(delayMs);
    return this.#send(queue, messageFor(delayQueueOf(queue, stepMs), held, { attempts, delayLeftMs: leftMs }));
  }

  bury(queue: string, held: HeldCommand, death: { readonly attempt: number; readonly reason: string }): Promise<void> {
    return this.#send(queue, deadMessageFor(deadQueueOf(queue), held, { from: queue, ...death }));
  }

  /** Somebody may have deleted a delay or the dead letters of a queue that is there: they are made again. */
  async #send(queue: string, message: RabbitMessage): Promise<void> {
    try {
      await this.#sends.send(message);
    } catch (error) {
      if (!(error instanceof Unroutable)) throw error;
      if (!(await this.#connection.withChannel((channel) => queueExists(channel, queue)))) throw unknownQueue(queue);
      await this.#connection.withChannel((channel) => declareQueue(channel, queue));
      await this.#sends.send(message);
    }
  }
}
