import { IllegalOperationError, type Channel, type ConsumeMessage } from 'amqplib';
import type { Logger } from '@roofshot/telemetry/logger';
import { backOffMs, pause } from '../../back-off.ts';
import type { QueueConsumption, ReceivedCommand, Settlement } from '../queue.ts';
import { quiet, type RabbitConnection } from './rabbit-connection.ts';
import { readMessage, type HeldCommand } from './rabbit-messages.ts';
import type { RabbitRoutes } from './rabbit-routes.ts';
import { codeOf, declareQueue } from './rabbit-topology.ts';

export interface RabbitConsumerOptions {
  readonly queue: string;
  readonly concurrency: number;
  readonly handler: (command: ReceivedCommand) => Promise<Settlement>;
  readonly routes: RabbitRoutes;
  readonly log: Logger;
  readonly onStop: () => void;
}

const AGAIN = { firstMs: 100, longestMs: 5_000 };
const AFTER_A_THROW_MS = 1_000;
/** A quorum queue without a leader answers nothing at all. */
const ANSWER_MS = 15_000;

const SILENT = `RabbitMQ gave no answer about it for ${ANSWER_MS / 1_000} s. Look with "rabbitmq-queues quorum_status" whether it has a leader: most of its nodes must run.`;

/** A message on the channel that brought it, the only one on which it can be acknowledged. */
interface Delivery {
  readonly lane: Lane;
  readonly message: ConsumeMessage;
}

interface Lane {
  readonly channel: Channel;
  isOpen: boolean;
}

/** A command that is being handled, with all deliveries of it: the broker brings it again when a channel ends while its handler runs. */
interface Run {
  readonly deliveries: Delivery[];
  readonly ended: Promise<void>;
}

/**
 * Consumes one queue on a channel of its own, with as many commands unacknowledged as may run at once. A channel that ends, and a
 * queue that was deleted, are made again. A command that is brought again while it runs here is not begun a second time.
 */
export class RabbitConsumer implements QueueConsumption {
  readonly #connection: RabbitConnection;
  readonly #options: RabbitConsumerOptions;
  readonly #running = new Map<string, Run>();
  /** What a new channel brings while commands of the old one are still running. */
  readonly #backlog: Delivery[] = [];
  readonly #ending = new AbortController();
  #lane: { readonly lane: Lane; readonly tag: string } | undefined;
  #subscribing: Promise<void> = Promise.resolve();
  #failures = 0;
  #settledAt = Date.now();
  #trouble: string | undefined;
  #stopping: Promise<void> | undefined;

  constructor(connection: RabbitConnection, options: RabbitConsumerOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  get queue(): string {
    return this.#options.queue;
  }

  /** Why nothing is consumed at the moment. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Throws when the queue cannot be consumed; later it is tried again by itself. */
  start(): Promise<void> {
    return this.#subscribe();
  }

  health(): { readonly running: number; readonly settledAt: number } {
    return { running: this.#running.size, settledAt: this.#settledAt };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#options.onStop();
    this.#ending.abort();
    this.#backlog.length = 0;
    await this.#subscribing;
    const current = this.#lane;
    await current?.lane.channel.cancel(current.tag).catch(() => undefined); // it has ended: nothing comes any more
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    this.#lane = undefined;
    await current?.lane.channel.close().catch(() => undefined); // it has ended, as just said
  }

  async #subscribe(): Promise<void> {
    const model = await this.#connection.up(this.#ending.signal);
    const channel = await quiet(model.createChannel());
    const lane: Lane = { channel, isOpen: true };
    channel.on('close', () => this.#lose(lane));
    let isSilent = false;
    const patience = setTimeout(() => {
      isSilent = true;
      channel.close().catch(() => undefined); // what is awaited below fails by that
    }, ANSWER_MS);
    try {
      const tag = await this.#consumeOn(lane);
      this.#lane = { lane, tag };
      this.#trouble = undefined;
    } catch (error) {
      await channel.close().catch(() => undefined); // a refusal has closed it already
      throw isSilent ? new Error(SILENT, { cause: error }) : error;
    } finally {
      clearTimeout(patience);
    }
  }

  async #consumeOn(lane: Lane): Promise<string> {
    const { channel } = lane;
    await declareQueue(channel, this.queue);
    await channel.prefetch(this.#options.concurrency);
    const { consumerTag } = await channel.consume(this.queue, (message) => this.#hear(lane, message));
    if (!lane.isOpen) throw new Error('its channel ended at once');
    return consumerTag;
  }

  #hear(lane: Lane, message: ConsumeMessage | null): void {
    if (message !== null) return this.#receive({ lane, message });
    this.#options.log.warn('RabbitMQ ended a consumer, its queue was deleted or moved; it is subscribed again.', this.#fields);
    lane.channel.close().catch(() => undefined); // its end, however it comes, is heard
  }

  #lose(lane: Lane): void {
    lane.isOpen = false;
    if (this.#lane?.lane !== lane) return;
    this.#lane = undefined;
    if (!this.#ending.signal.aborted) this.#subscribing = this.#subscribeAgain();
  }

  async #subscribeAgain(): Promise<void> {
    const { signal } = this.#ending;
    this.#trouble = `The queue ${this.queue} is not consumed: its channel has ended. It is opened again.`;
    while (!signal.aborted) {
      this.#failures += 1; // until a command has been settled, so that a channel that ends again and again is not opened in haste
      await pause(backOffMs(this.#failures, AGAIN), signal);
      try {
        if (!signal.aborted) return await this.#subscribe();
      } catch (error) {
        if (signal.aborted) return;
        this.#trouble = `The queue ${this.queue} is not consumed: ${error instanceof Error ? error.message : String(error)}`;
        const level = isRefusal(error) ? 'error' : 'warn';
        this.#options.log[level]('A queue could not be subscribed to; it is tried again.', { ...this.#fields, error });
      }
    }
  }

  #receive(delivery: Delivery): void {
    const held = readMessage(delivery.message);
    const running = this.#running.get(held.id);
    if (running !== undefined) running.deliveries.push(delivery);
    else if (this.#running.size >= this.#options.concurrency) this.#backlog.push(delivery);
    else this.#begin(held, delivery);
  }

  #begin(held: HeldCommand, delivery: Delivery): void {
    const deliveries = [delivery];
    const ended = this.#run(held, deliveries).finally(() => {
      this.#running.delete(held.id);
      this.#beginWaiting();
    });
    this.#running.set(held.id, { deliveries, ended });
  }

  #beginWaiting(): void {
    while (this.#running.size < this.#options.concurrency) {
      const delivery = this.#backlog.shift();
      if (delivery === undefined) return;
      if (delivery.lane.isOpen) this.#receive(delivery);
    }
  }

  async #run(held: HeldCommand, deliveries: Delivery[]): Promise<void> {
    const { queue, routes } = this.#options;
    const attempt = held.attempts + 1;
    if (held.fault !== undefined) return this.#settle(deliveries, () => routes.bury(queue, held, { attempt, reason: held.fault ?? '' }));
    if (held.delayLeftMs > 0)
      return this.#settle(deliveries, () => routes.delay(queue, held, { attempts: held.attempts, delayMs: held.delayLeftMs }));
    const payload = held.content.toString();
    const { id, headers, firstFailedAt } = held;
    const since = firstFailedAt === undefined ? {} : { firstFailedAt };
    const settlement = await this.#settlementOf({ queue, id, headers, payload, attempt, ...since });
    await this.#settle(deliveries, async () => {
      if (settlement.kind === 'ack' || (settlement.kind === 'dead' && settlement.kept === true)) return;
      const failed = { ...held, firstFailedAt: firstFailedAt ?? Date.now() };
      if (settlement.kind === 'dead') return routes.bury(queue, failed, { attempt, reason: settlement.reason });
      const attempts = settlement.uncounted === true ? attempt - 1 : attempt;
      await routes.delay(queue, failed, { attempts, delayMs: settlement.delayMs });
    });
  }

  async #settlementOf(command: ReceivedCommand): Promise<Settlement> {
    try {
      return await this.#options.handler(command);
    } catch (error) {
      this.#options.log.error('The consumer of a command threw; the command is delivered again.', {
        ...this.#fields,
        'event.id': command.id,
        error,
      });
      return { kind: 'retry', delayMs: AFTER_A_THROW_MS, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** First the outcome is where it belongs, then the delivery is acknowledged: a crash between them repeats the command, under its id. */
  async #settle(deliveries: Delivery[], keepOutcome: () => Promise<void>): Promise<void> {
    try {
      if (!deliveries.some(({ lane }) => lane.isOpen)) return this.#tellLate(); // what is said later than the broker's patience does not count
      await this.#keepOften(deliveries, keepOutcome);
      const open = deliveries.filter(({ lane }) => lane.isOpen);
      for (const { lane, message } of open) lane.channel.ack(message);
      this.#settledAt = Date.now();
      this.#failures = 0;
      if (open.length === 0) this.#tellLate();
    } catch (error) {
      this.#options.log.warn('The outcome of a command could not be kept; the command is delivered again.', { ...this.#fields, error });
      for (const delivery of deliveries) giveBack(delivery);
    }
  }

  /**
   * A broker without room takes no outcome, for as long as it lasts. Given back, the command would come again at once, each time
   * counted as if its consumer had died; so it stays held while its channel is open.
   */
  async #keepOften(deliveries: readonly Delivery[], keepOutcome: () => Promise<void>): Promise<void> {
    const { signal } = this.#ending;
    for (let failures = 1; ; failures += 1) {
      try {
        return await keepOutcome();
      } catch (error) {
        if (isRefusal(error) || signal.aborted || !deliveries.some(({ lane }) => lane.isOpen)) throw error;
        this.#options.log.warn('The outcome of a command could not be kept; it is tried again.', { ...this.#fields, error });
        await pause(backOffMs(failures, AGAIN), signal);
      }
    }
  }

  #tellLate(): void {
    this.#options.log.warn('A command was settled after its channel had ended: RabbitMQ delivers it again.', this.#fields);
  }

  get #fields(): { 'labels.queue': string } {
    return { 'labels.queue': this.queue };
  }
}

/** A channel that is just ending gives it back by itself. */
function giveBack({ lane, message }: Delivery): void {
  try {
    if (lane.isOpen) lane.channel.nack(message);
  } catch (error) {
    if (!(error instanceof IllegalOperationError)) throw error;
  }
}

/** Of its rights, or of a queue that was made in another way (see `declareQueue`); anything else passes. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && codeOf(error.cause) !== undefined;
}
