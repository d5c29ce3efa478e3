import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { failureLevel } from '@roofshot/storage/failure-level';
import { Inbox } from '@roofshot/storage/inbox';
import { runWith } from '@roofshot/telemetry/context';
import type { QueueConsumption } from '../commands/queue.ts';
import { adoptDead } from '../delivery/adopt-dead.ts';
import { CommandDelivery, type CommandDeliveryOptions } from '../delivery/command-delivery.ts';
import type { DeliverySetup } from '../delivery/delivery-setup.ts';
import type { CommandHandler, Handler } from '../handlers.ts';
import { reportTo, stopWithin } from './lifecycle.ts';

/** Running commands get so long to end; a command that is not settled by then is delivered again when its lease ends. */
const DRAIN_MS = 10_000;
const FORGET_EVERY_MS = 3_600_000;
/** What brokers put aside themselves is rare, and whoever lists dead letters looks at once. */
const ADOPT_EVERY_MS = 30_000;
/** A day longer than the queue recognises a command that is sent again. */
const INBOX_DAYS = 8;
const DAY_MS = 86_400_000;

export interface QueueReport {
  readonly queue: string;
  readonly running: number;
  readonly settledAt: number;
}

/** Brings the command queue to a Nest application: attach it with `connectMicroservice({ strategy })` after `app.init()`. */
export class CommandsServer extends Server implements CustomTransportStrategy {
  readonly #setup: DeliverySetup;
  readonly #commands: readonly CommandHandler[];
  readonly #delivery: CommandDelivery;
  readonly #inbox: Inbox;
  readonly #consumptions = new Map<string, QueueConsumption>();
  readonly #timers: NodeJS.Timeout[] = [];
  #adopting: Promise<void> = Promise.resolve();

  /** `handlers`: the service's table; only its `handle` entries are taken. Throws when a command has two handlers. */
  constructor(setup: DeliverySetup, handlers: readonly Handler[], options?: CommandDeliveryOptions) {
    super();
    this.#setup = setup;
    this.#commands = handlers.filter((handler) => handler.kind === 'command');
    this.#delivery = new CommandDelivery(setup, options);
    this.#inbox = new Inbox(setup.schema);
    for (const handler of this.#commands) this.#register(handler);
  }

  /** Starts consuming; a failure goes to `done`, because Nest would wait for ever for a throw. */
  listen(done: (error?: unknown) => void): void {
    void reportTo(
      done,
      runWith({ service: this.#setup.service }, () => this.#start()),
    );
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const stopping = Promise.all([this.#adopting, ...[...this.#consumptions.values()].map((consumption) => consumption.stop())]);
    await stopWithin(
      DRAIN_MS,
      stopping.then(() => undefined),
      () => {
        this.#setup.log.warn('Commands did not end in time; they are delivered again when their lease ends.');
      },
    );
  }

  /** Commands may run long, so only their leases tell whether they live: this process is healthy as long as it runs. */
  healthy(): boolean {
    return true;
  }

  ready(): boolean {
    return this.waitingFor().length === 0;
  }

  waitingFor(): string[] {
    const missing = this.#commands.filter(({ command }) => !this.#consumptions.has(command.queue));
    return missing.map(({ command }) => `The queue ${command.queue} is not consumed yet.`);
  }

  describe(): readonly QueueReport[] {
    return [...this.#consumptions].map(([queue, consumption]) => ({ queue, ...consumption.health() }));
  }

  /** There is no client library underneath to listen to. */
  override on(): void {
    throw new Error('CommandsServer has no events of a client library. Ask healthy(), ready() or describe().');
  }

  override unwrap<T>(): T {
    return this.#setup.queue as T;
  }

  #register({ command }: CommandHandler): void {
    if (this.messageHandlers.has(command.type)) {
      throw new Error(`${this.#setup.service} handles the command ${command.type} twice. A command has exactly one handler.`);
    }
    this.addHandler(command.type, () => Promise.reject(new Error('Commands are delivered by the queue, not through Nest.')), true);
  }

  async #start(): Promise<void> {
    const { queue } = this.#setup;
    await queue.ensureQueues(this.#commands.map(({ command }) => command.queue));
    for (const handler of this.#commands) {
      const { concurrency } = handler;
      const consumption = await queue.consume(handler.command.queue, (received) => this.#delivery.deliver(handler, received), {
        concurrency,
      });
      this.#consumptions.set(handler.command.queue, consumption);
    }
    const adopt = (): void => void (this.#adopting = this.#adoptDead());
    adopt();
    this.#timers.push(setInterval(() => void this.#forgetHandled(), FORGET_EVERY_MS).unref(), setInterval(adopt, ADOPT_EVERY_MS).unref());
  }

  async #adoptDead(): Promise<void> {
    try {
      const queues = this.#commands.map(({ command }) => command.queue);
      const adopted = await adoptDead(this.#setup, queues);
      if (adopted > 0)
        this.#setup.log.warn('Commands that the queue had put aside are among the dead letters.', { 'labels.commands': adopted });
    } catch (error) {
      this.#setup.log[failureLevel(error)]('What the queues had put aside could not be taken over; it is tried again.', { error });
    }
  }

  async #forgetHandled(): Promise<void> {
    try {
      await this.#inbox.forget(this.#setup.sql, new Date(Date.now() - INBOX_DAYS * DAY_MS));
    } catch (error) {
      this.#setup.log[failureLevel(error)]('Old inbox rows could not be forgotten; it is tried again in an hour.', { error });
    }
  }
}
