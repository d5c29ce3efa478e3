import type { Channel, ChannelModel } from 'amqplib';
import type { Logger } from '@roofshot/telemetry/logger';
import { backOffMs, pause } from '../../back-off.ts';
import { connectRabbit, destroyConnection, lostRabbit } from './rabbit-client.ts';
import type { RabbitAddress } from './rabbit-url.ts';

export interface RabbitConnectionOptions {
  /** What RabbitMQ's own tools show. */
  readonly name: string;
  readonly log: Logger;
}

const RECONNECT = { firstMs: 100, longestMs: 5_000 };
/** Whoever asks the broker something while it is away waits so long; a restart takes longer, and callers have their own patience. */
const ASK_MS = 5_000;
const GOODBYE_MS = 3_000;

/** One connection that is made again whenever it ends, until it is closed. */
export class RabbitConnection {
  readonly #address: RabbitAddress;
  readonly #name: string;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  readonly #listeners = new Set<(model: ChannelModel) => void>();
  #model: ChannelModel | undefined;
  #up = Promise.withResolvers<ChannelModel>();
  #trouble: string | undefined;
  #reconnecting: Promise<void> = Promise.resolve();

  private constructor(address: RabbitAddress, { name, log }: RabbitConnectionOptions) {
    this.#address = address;
    this.#name = name;
    this.#log = log;
  }

  /** Throws when RabbitMQ cannot be used: see connectRabbit. */
  static async open(address: RabbitAddress, options: RabbitConnectionOptions): Promise<RabbitConnection> {
    const connection = new RabbitConnection(address, options);
    connection.#adopt(await connectRabbit(address, options.name));
    return connection;
  }

  /** Why nothing goes through at the moment. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  isUp(model: ChannelModel): boolean {
    return this.#model === model;
  }

  /** Calls it with every connection from now on, and with the present one at once. */
  onUp(listener: (model: ChannelModel) => void): void {
    this.#listeners.add(listener);
    if (this.#model !== undefined) listener(this.#model);
  }

  /** The present connection, or the next one. Never settles after the close: the signal does. */
  async up(signal: AbortSignal): Promise<ChannelModel> {
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(lostRabbit('The connection to RabbitMQ was closed.', 'not applied'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      if (signal.aborted) abort();
      return await Promise.race([this.#up.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Runs questions on a channel of their own; a refusal of the broker ends that channel only. Throws `LostConnection` while it is away. */
  async withChannel<T>(use: (channel: Channel) => Promise<T>): Promise<T> {
    const model = await this.up(AbortSignal.any([this.#ending.signal, AbortSignal.timeout(ASK_MS)])).catch((error: unknown) => {
      throw lostRabbit(this.#trouble ?? 'RabbitMQ is away.', 'not applied', error);
    });
    let channel: Channel | undefined;
    try {
      channel = await quiet(model.createChannel());
      return await use(channel);
    } catch (error) {
      if (this.#model === model) throw error;
      throw lostRabbit(this.#trouble ?? 'RabbitMQ went away.', 'unknown', error);
    } finally {
      await channel?.close().catch(() => undefined); // a refusal has closed it already
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    const model = this.#model;
    this.#model = undefined;
    await this.#reconnecting;
    if (model === undefined) return;
    const over = new AbortController();
    await Promise.race([model.close().catch(() => undefined), pause(GOODBYE_MS, over.signal)]); // it may have ended by itself, or be frozen
    over.abort();
    destroyConnection(model);
  }

  #adopt(model: ChannelModel): void {
    let reason: string | undefined;
    model.on('error', (error) => (reason = error.message));
    model.on('close', (error) => this.#lose(model, reason ?? error?.message ?? 'it ended the connection'));
    model.on('blocked', (why) => {
      this.#trouble = `RabbitMQ takes no messages: ${why}. Free disk or memory on its machine; what waits is sent then.`;
      this.#log.warn('RabbitMQ takes no messages at the moment; senders wait.', { 'event.reason': why });
    });
    model.on('unblocked', () => {
      this.#trouble = undefined;
      this.#log.info('RabbitMQ takes messages again.');
    });
    this.#model = model;
    this.#trouble = undefined;
    this.#up.resolve(model);
    for (const listener of this.#listeners) listener(model);
  }

  #lose(model: ChannelModel, reason: string): void {
    destroyConnection(model);
    if (this.#model !== model) return;
    this.#model = undefined;
    this.#up = Promise.withResolvers();
    this.#trouble = `The connection to RabbitMQ was lost: ${reason}. It is made again as soon as the broker answers; look whether it runs.`;
    this.#log.warn('The connection to RabbitMQ was lost; it is made again.', { 'event.reason': reason });
    this.#reconnecting = this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#ending;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      await pause(backOffMs(attempt, RECONNECT), signal);
      if (signal.aborted) return;
      try {
        const model = await connectRabbit(this.#address, this.#name);
        if (signal.aborted) return destroyConnection(model);
        this.#adopt(model);
        this.#log.info('The connection to RabbitMQ is there again.', { 'labels.attempts': attempt });
        return;
      } catch (error) {
        this.#trouble = error instanceof Error ? error.message : String(error);
        this.#log.debug('RabbitMQ could not be connected to; it is tried again.', { error });
      }
    }
  }
}

/** A channel whose refusals are heard by whoever asked, and end nothing else. */
export async function quiet<C extends Channel>(opening: Promise<C>): Promise<C> {
  const channel = await opening;
  channel.on('error', () => undefined); // the call that it answers throws it, and the end of the channel is heard
  return channel;
}
