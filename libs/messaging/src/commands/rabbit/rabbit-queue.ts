import { PartlyPublished } from '@roofshot/storage/outbox-relay';
import type { Message } from 'amqplib';
import { ServerRefusal } from '@roofshot/storage/sql-errors';
import type { Logger } from '@roofshot/telemetry/logger';
import { pause } from '../../back-off.ts';
import type { RemoteQueue } from '../outbox-queue.ts';
import type { DeadCommand, OutgoingCommand, QueueConsumption, ReceivedCommand, Settlement } from '../queue.ts';
import { unknownQueue } from '../unknown-queue.ts';
import { RabbitConnection } from './rabbit-connection.ts';
import { RabbitConsumer } from './rabbit-consumer.ts';
import { countDeadLetters, visitDeadLetters } from './rabbit-dead-letters.ts';
import { heldOf, readDeadLetter } from './rabbit-messages.ts';
import { RabbitRoutes } from './rabbit-routes.ts';
import { RabbitSends } from './rabbit-sends.ts';
import { declareQueue, proveRights, queueExists } from './rabbit-topology.ts';
import { parseRabbitUrl } from './rabbit-url.ts';

const CONCURRENCY = 4;
/**
 * RabbitMQ writes the name of a new quorum queue to disk up to three seconds late; killed before, it comes back with an empty queue that
 * has no leader and takes nothing any more (rabbitmq-server#15725). So a queue counts as made only after that time, once in its life.
 */
const NEW_QUEUE_MS = 3_500;

/** So many dead letters are handed over at once. */
const ADOPTED_AT_ONCE = 500;

export interface RabbitQueueOptions {
  readonly log: Logger;
  /** How long a new queue rests before anything is sent to it; see NEW_QUEUE_MS. */
  readonly newQueueMs?: number;
}

/**
 * The command queue in RabbitMQ. Promises: see CommandQueue; what a transaction says comes through an outbox (OutboxQueue). Beyond them:
 * - The broker knows no ids: a command that is sent twice is delivered twice, and the inbox of its consumer, which remembers it for 8
 *   days, lets it work once (CommandDelivery). Two deliveries at the same time meet in that inbox, too.
 * - Delays are rounded up to the next of DELAY_STEPS_MS.
 * - A delivery has no lease: it is another consumer's as soon as the connection of the first has ended, or when the broker's
 *   `consumer_timeout` (30 minutes) is over. A command whose work takes minutes is acknowledged when it has been accepted.
 * - All queues of a process share two connections: one that sends, which RabbitMQ stops listening to while its disk or memory is short,
 *   and one that receives, whose acknowledgements must get through then.
 */
export class RabbitQueue implements RemoteQueue {
  readonly #sending: RabbitConnection;
  readonly #receiving: RabbitConnection;
  readonly #sends: RabbitSends;
  readonly #routes: RabbitRoutes;
  readonly #log: Logger;
  readonly #consumers = new Set<RabbitConsumer>();
  readonly #newQueueMs: number;
  #looking: Promise<unknown> = Promise.resolve();
  readonly #ending = new AbortController();

  private constructor(
    [sending, receiving]: readonly [RabbitConnection, RabbitConnection],
    { log, newQueueMs = NEW_QUEUE_MS }: RabbitQueueOptions,
  ) {
    this.#newQueueMs = newQueueMs;
    this.#sending = sending;
    this.#receiving = receiving;
    this.#sends = new RabbitSends(sending, log);
    this.#routes = new RabbitRoutes(this.#sends, receiving);
    this.#log = log;
  }

  /** Throws a sentence when the URL cannot be read, no broker answers, it refuses what the URL says, or it is too old. */
  static async open(url: string, options: RabbitQueueOptions): Promise<RabbitQueue> {
    const { log } = options;
    const address = parseRabbitUrl(url);
    const sending = await RabbitConnection.open(address, { name: 'roofshot sends', log });
    try {
      return new RabbitQueue([sending, await RabbitConnection.open(address, { name: 'roofshot receives', log })], options);
    } catch (error) {
      await sending.close();
      throw error;
    }
  }

  get mostBytes(): number {
    return this.#sends.mostBytes;
  }

  async ensureQueues(queues: readonly string[]): Promise<void> {
    const made = await Promise.allSettled(queues.map((queue) => this.#make(queue)));
    const failures = queues.flatMap((queue, i) => (made[i]?.status === 'rejected' ? [{ queue, error: made[i].reason as unknown }] : []));
    if (failures.length > 0) throw together(failures);
    if (made.some((one) => one.status === 'fulfilled' && one.value)) await pause(this.#newQueueMs, this.#ending.signal);
  }

  /** When one of them fails, others may have been sent. */
  async send(commands: readonly OutgoingCommand[]): Promise<void> {
    const outcomes = await Promise.allSettled(
      commands.map((command) => this.#routes.deliver(command.queue, heldOf(command), command.delayMs)),
    );
    const failures = new Map(
      outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [[index, outcome.reason as unknown]] : [])),
    );
    const [first] = failures.values();
    if (failures.size > 0) throw failures.size === commands.length ? first : new PartlyPublished(failures);
  }

  async consume(
    queue: string,
    handler: (command: ReceivedCommand) => Promise<Settlement>,
    { concurrency = CONCURRENCY }: { concurrency?: number } = {},
  ): Promise<QueueConsumption> {
    if (this.#ending.signal.aborted) throw new Error(`Cannot consume ${queue}: the command queue was closed.`);
    await this.#refuseUnknown(queue);
    const consumer: RabbitConsumer = new RabbitConsumer(this.#receiving, {
      queue,
      concurrency,
      handler,
      routes: this.#routes,
      log: this.#log,
      onStop: () => this.#consumers.delete(consumer),
    });
    this.#consumers.add(consumer);
    try {
      await consumer.start();
    } catch (error) {
      await consumer.stop();
      throw error;
    }
    return consumer;
  }

  /** Of more than 65,535, the oldest; what lies there twice, once. */
  async deadLetters(queue: string): Promise<DeadCommand[]> {
    const found = new Map<string, DeadCommand>();
    await this.#visit(queue, (letters) => {
      for (const letter of letters) {
        const dead = readDeadLetter(queue, letter);
        if ((found.get(dead.id)?.diedAt ?? -1) <= dead.diedAt) found.set(dead.id, dead);
      }
      return Promise.resolve([]);
    });
    return [...found.values()].sort((a, b) => a.diedAt - b.diedAt);
  }

  async adoptDead(queue: string, keep: (letters: readonly DeadCommand[]) => Promise<void>): Promise<number> {
    for (let adopted = 0; ;) {
      if ((await countDeadLetters(this.#receiving, queue)) === 0) return adopted; // most often, and cheaper than a turn
      let part = 0;
      const adopt = async (letters: readonly Message[]): Promise<readonly Message[]> => {
        part = letters.length;
        if (part > 0) await keep(letters.map((letter) => readDeadLetter(queue, letter)));
        return letters;
      };
      await this.#visit(queue, adopt, ADOPTED_AT_ONCE);
      adopted += part;
      if (part < ADOPTED_AT_ONCE) return adopted;
    }
  }

  /** Those that consumers of other processes are handling are not seen by AMQP and not counted. */
  async depth(queue: string): Promise<number> {
    await this.#refuseUnknown(queue);
    const waiting = await this.#receiving.withChannel((channel) => declareQueue(channel, queue));
    const own = [...this.#consumers].filter((consumer) => consumer.queue === queue);
    return own.reduce((sum, consumer) => sum + consumer.health().running, waiting);
  }

  waitingFor(): readonly string[] {
    const connections = [this.#sending.trouble, this.#receiving.trouble].filter((trouble) => trouble !== undefined);
    if (connections.length > 0) return [...new Set(connections)];
    return [this.#sends, ...this.#consumers].flatMap(({ trouble }) => trouble ?? []);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await this.#looking.catch(() => undefined); // told to whoever looks
    await this.#sends.close();
    await Promise.all([this.#sending.close(), this.#receiving.close()]);
  }

  /** Whether it was missing. */
  async #make(queue: string): Promise<boolean> {
    const isThere = await this.#receiving.withChannel((channel) => queueExists(channel, queue));
    await this.#receiving.withChannel((channel) => declareQueue(channel, queue));
    await this.#receiving.withChannel((channel) => proveRights(channel, queue));
    return !isThere;
  }

  async #refuseUnknown(queue: string): Promise<void> {
    const isThere = await this.#receiving.withChannel((channel) => queueExists(channel, queue));
    if (!isThere) throw unknownQueue(queue);
  }

  /** One after the other: the turn is the connection's, and would let a second look of this process in. */
  #visit(queue: string, choose: (letters: readonly Message[]) => Promise<readonly Message[]>, most?: number): Promise<void> {
    const visit = (): Promise<void> => visitDeadLetters(this.#receiving, queue, choose, most);
    const visiting = this.#looking.then(visit, visit);
    this.#looking = visiting;
    return visiting;
  }
}

/** What is not refused but passes goes first: with the broker away nothing is known of the rest. */
function together(failures: readonly { readonly queue: string; readonly error: unknown }[]): unknown {
  const [first, ...others] = failures;
  const passing = failures.find(({ error }) => !(error instanceof ServerRefusal));
  if (passing !== undefined || others.length === 0) return (passing ?? first)?.error;
  const { error } = first as { error: ServerRefusal };
  return new ServerRefusal(`${error.message} So it refuses ${others.map(({ queue }) => `"${queue}"`).join(', ')}.`, { cause: error.cause });
}
