import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Logger } from '@roofshot/telemetry/logger';
import { lostRabbit } from './rabbit-client.ts';
import { quiet, type RabbitConnection } from './rabbit-connection.ts';
import type { RabbitMessage } from './rabbit-messages.ts';
import { codeOf } from './rabbit-topology.ts';

/** Sent and not confirmed yet. What is more waits here, and its senders wait for it. */
const MAX_UNCONFIRMED = 500;
/** Longer than a broker takes to start again when it is not busy, and not much longer than a process takes to stop. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 500;
const NO_RIGHT = 403;
const PRECONDITION_FAILED = 406;
/** What RabbitMQ takes is set on its side (`max_message_size`, at least this by default) and cannot be asked for; it is told with a refusal. */
const MOST_BYTES = 4 * 1024 * 1024;
const TOLD_LIMIT = /larger than (?:configured )?max size (\d+)/;

/** There is no such queue: the broker has sent the message back. */
export class Unroutable extends Error {
  override readonly name = 'Unroutable';
}

interface Sending {
  readonly message: RabbitMessage;
  readonly deadline: number;
  readonly done: PromiseWithResolvers<void>;
  isReturned: boolean;
  isSettled: boolean;
}

/**
 * Sends on one channel and waits for the broker's confirmation, which it gives when the message is on disk. What is not confirmed when
 * the channel or the connection ends is sent again on the next one: it may then lie in its queue twice, under one id.
 */
export class RabbitSends {
  readonly #connection: RabbitConnection;
  readonly #log: Logger;
  readonly #look: NodeJS.Timeout;
  readonly #unconfirmed = new Set<Sending>();
  #waiting: Sending[] = [];
  #channel: ConfirmChannel | undefined;
  #isFull = false;
  #mostBytes = MOST_BYTES;
  /** Why RabbitMQ ended the last channel, when this user may not send. */
  #refusal: string | undefined;
  #closed = false;

  constructor(connection: RabbitConnection, log: Logger) {
    this.#connection = connection;
    this.#log = log;
    this.#look = setInterval(() => this.#giveUp(), LOOK_MS).unref();
    connection.onUp((model) => {
      this.#mostBytes = MOST_BYTES; // it may have been started with another limit
      void this.#open(model);
    });
  }

  /**
   * Resolves when the broker has it on disk. Throws `Unroutable` when there is no such queue, and `LostConnection` when the broker
   * could not be brought to confirm it; then it may lie there or not, and is to be sent again under the same id.
   */
  send(message: RabbitMessage): Promise<void> {
    if (this.#closed) return Promise.reject(new Error(`Cannot send to ${message.queue}: the command queue was closed.`));
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ message, deadline: Date.now() + PATIENCE_MS, done, isReturned: false, isSettled: false });
    this.#pump();
    return done.promise;
  }

  /** Of one message's content. */
  get mostBytes(): number {
    return this.#mostBytes;
  }

  /** Why it takes nothing, although it is connected. */
  get trouble(): string | undefined {
    if (this.#refusal === undefined) return undefined;
    return `RabbitMQ refuses what is sent: ${this.#refusal}. Give the user of COMMANDS_URL the right to write (rabbitmqctl set_permissions).`;
  }

  /** What was taken is sent first, as far as the broker takes it. */
  async close(): Promise<void> {
    this.#closed = true;
    const left = [...this.#unconfirmed, ...this.#waiting];
    await Promise.allSettled(left.map(({ done }) => done.promise));
    clearInterval(this.#look);
  }

  async #open(model: ChannelModel): Promise<void> {
    try {
      const channel = await quiet(model.createConfirmChannel());
      channel.on('return', ({ fields, properties }) => this.#returned(fields.routingKey, properties.messageId as string | undefined));
      channel.on('drain', () => {
        this.#isFull = false;
        this.#pump();
      });
      channel.on('error', (error: Error) => {
        this.#refusal = codeOf(error) === NO_RIGHT ? error.message : undefined;
        if (codeOf(error) === PRECONDITION_FAILED) this.#refuseTooLarge(error);
      });
      channel.on('close', () => this.#lose(channel, model));
      this.#isFull = false;
      this.#channel = channel;
      this.#pump();
    } catch (error) {
      this.#log.debug('A channel to RabbitMQ could not be opened; it is tried again while its connection lasts.', { error });
      setTimeout(() => this.#connection.isUp(model) && void this.#open(model), LOOK_MS).unref();
    }
  }

  /** RabbitMQ ends the channel for such a message: sent again with the others, it would end the next one too. */
  #refuseTooLarge(error: Error): void {
    const told = TOLD_LIMIT.exec(error.message)?.[1];
    if (told === undefined) return;
    this.#mostBytes = Math.min(this.#mostBytes, Number(told));
    for (const sending of [...this.#unconfirmed, ...this.#waiting]) {
      if (sending.message.content.length > Number(told)) this.#settle(sending, new Error(`RabbitMQ refuses a message: ${error.message}`));
    }
    this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
  }

  #lose(channel: ConfirmChannel, model: ChannelModel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#waiting.unshift(...[...this.#unconfirmed].filter(({ isSettled }) => !isSettled));
    this.#unconfirmed.clear();
    // In this turn amqplib cannot tell yet whether the connection has ended with it; a new connection opens a channel of its own.
    setTimeout(() => this.#connection.isUp(model) && void this.#open(model), this.#refusal === undefined ? 0 : LOOK_MS).unref();
  }

  #pump(): void {
    const channel = this.#channel;
    while (channel !== undefined && !this.#isFull && this.#unconfirmed.size < MAX_UNCONFIRMED) {
      const sending = this.#waiting.shift();
      if (sending === undefined) return;
      this.#unconfirmed.add(sending);
      const { queue, content, options } = sending.message;
      try {
        this.#isFull = !channel.sendToQueue(queue, content, options, (error: unknown) => this.#answered(channel, sending, error));
      } catch (error) {
        // A message that cannot be written is its sender's; a channel that has just ended is not.
        if (this.#channel !== channel || (error instanceof Error && error.name === 'IllegalOperationError')) return;
        this.#settle(sending, error);
      }
    }
  }

  #returned(queue: string, id: string | undefined): void {
    for (const sending of this.#unconfirmed) {
      if (sending.message.queue === queue && sending.message.options.messageId === id) sending.isReturned = true;
    }
  }

  #answered(channel: ConfirmChannel, sending: Sending, error: unknown): void {
    if (this.#channel !== channel || isEnd(error)) return; // told by `close`, which sends it again
    this.#refusal = undefined;
    const { queue } = sending.message;
    if (sending.isReturned) this.#settle(sending, new Unroutable(`RabbitMQ has no queue "${queue}".`));
    else if (error) this.#settle(sending, lost(`RabbitMQ did not take a message for "${queue}": its queue cannot work at the moment.`));
    else this.#settle(sending);
    this.#pump();
  }

  #settle(sending: Sending, error?: unknown): void {
    this.#unconfirmed.delete(sending);
    sending.isSettled = true;
    if (error === undefined) sending.done.resolve();
    else sending.done.reject(error);
  }

  /** One that was sent keeps its place until its channel ends, so that the broker is not given more and more. */
  #giveUp(): void {
    const now = Date.now();
    const late = [...this.#waiting, ...this.#unconfirmed].filter(({ deadline, isSettled }) => deadline < now && !isSettled);
    if (late.length === 0) return;
    for (const { message, done } of late) {
      const why = this.#connection.trouble ?? this.trouble ?? 'It gave no answer.';
      done.reject(lost(`RabbitMQ did not confirm a message for "${message.queue}" within ${PATIENCE_MS / 1_000} s. ${why}`));
    }
    for (const sending of late) sending.isSettled = true;
    this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
  }
}

/** As amqplib tells what was not confirmed when a channel ends. */
const isEnd = (error: unknown): boolean => error instanceof Error && error.message === 'channel closed';

function lost(message: string): Error {
  return lostRabbit(`${message} Whether it lies there is not known; send it again with the same id.`, 'unknown');
}
