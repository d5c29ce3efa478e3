import { randomUUID } from 'node:crypto';
import type { CommandDefinition, DataOf, TopicDefinition } from '@roofshot/contracts/define';
import type { CloudEvent } from '@roofshot/contracts/envelope';
import { validatorOf, type Fault } from '@roofshot/contracts/validate';
import type { Queryable } from '@roofshot/storage/sql';
import { continueFrom, currentContext } from '@roofshot/telemetry/context';
import { encodeEvent } from './cloud-event-codec.ts';
import type { CommandQueue, OutgoingCommand } from './commands/queue.ts';
import type { EventBus, OutgoingRecord } from './events/bus.ts';
import type { Cause, NewEvent, NewEventOf, Publisher } from './handlers.ts';
import { logSaid } from './log-said.ts';
import { noteSaid } from './note-said.ts';
import type { Speaker } from './speaker.ts';

/** The two ports through which messages leave. */
export interface Outlets {
  readonly bus: EventBus;
  readonly queue: CommandQueue;
}

/** Collects what one transaction says, checked against the contracts when it is said, and writes it as the transaction's last statements. */
export class MessageBuffer implements Publisher {
  readonly #speaker: Speaker;
  readonly #records: OutgoingRecord[] = [];
  readonly #commands: OutgoingCommand[] = [];
  #closed = false;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  get size(): number {
    return this.#records.length + this.#commands.length;
  }

  /** The events so far, as they will lie on the log. */
  get records(): readonly OutgoingRecord[] {
    return this.#records;
  }

  publish<T extends TopicDefinition>(topic: T, events: readonly NewEventOf<T>[]): void {
    this.#refuseWhenClosed(`publish to ${topic.name}`);
    const erased: readonly NewEvent<string, unknown>[] = events;
    this.#records.push(...erased.map((event) => this.#record(topic, event)));
  }

  send<C extends CommandDefinition>(command: C, data: DataOf<C>, options: { readonly delayMs?: number } = {}): void {
    this.#refuseWhenClosed(`send ${command.type}`);
    const faults = validatorOf(command.schema).faults(data);
    if (faults.length > 0) throw contractBroken(`The command ${command.type}`, faults);
    this.#commands.push({
      queue: command.queue,
      id: command.id(data),
      headers: { type: command.type, source: this.#source, time: this.#now(), ...inherited({}) },
      payload: JSON.stringify(data),
      ...(options.delayMs !== undefined && { delayMs: options.delayMs }),
    });
  }

  forward(records: readonly OutgoingRecord[]): void {
    this.#refuseWhenClosed('forward records');
    for (const record of records) this.#records.push(record);
  }

  /** Commands first, events last, because appending to the log holds its partitions until the commit. */
  async writeIn(tx: Queryable, { bus, queue }: Outlets): Promise<void> {
    this.#closed = true;
    if (this.#commands.length > 0) await queue.sendIn(tx, this.#commands);
    if (this.#records.length > 0) await bus.publishIn(tx, this.#records);
  }

  /** After the commit. */
  announce({ bus, queue }: Outlets): void {
    if (this.#commands.length > 0) queue.announce(new Set(this.#commands.map((command) => command.queue)));
    if (this.#records.length > 0) bus.announce(new Set(this.#records.map((record) => record.topic)));
    noteSaid(this.#speaker, this.#records, this.#commands);
    logSaid(this.#speaker, this.#records, this.#commands);
  }

  #record(topic: TopicDefinition, event: NewEvent<string, unknown>): OutgoingRecord {
    const definition = topic.events.find(({ type }) => type === event.type);
    if (definition === undefined) {
      const known = topic.events.map(({ type }) => type).join(', ');
      throw new Error(`The event ${event.type} does not belong to ${topic.name}, which carries ${known}. Publish it to its own topic.`);
    }
    const validator = validatorOf(definition.schema);
    const { type, data, subject } = event;
    if (!validator.check(data)) throw contractBroken(`The event ${type} for ${topic.name}`, validator.faults(data));
    const key = topic.key({ data, ...(subject !== undefined && { subject }) });
    return encodeEvent({ topic: topic.name, key }, this.#complete(event));
  }

  #complete(event: NewEvent<string, unknown>): CloudEvent {
    const now = this.#now();
    return {
      specversion: '1.0',
      id: event.id ?? randomUUID(),
      source: this.#source,
      type: event.type,
      ...(event.subject !== undefined && { subject: event.subject }),
      time: event.time ?? now,
      knowntime: now,
      ...inherited(event.cause ?? {}),
      data: event.data,
    };
  }

  get #source(): string {
    return `/roofshot/${this.#speaker.service}`;
  }

  #now(): string {
    return new Date(this.#speaker.clock()).toISOString();
  }

  #refuseWhenClosed(act: string): void {
    if (!this.#closed) return;
    throw new Error(
      `Cannot ${act}: the transaction has ended, so the message would be lost. Await everything before its callback returns.`,
    );
  }
}

/** The trace and correlation of the cause; else of what the code works for; else new ones. */
function inherited(cause: Cause): { traceparent: string; correlationid: string } {
  const context = currentContext();
  const { traceparent, correlationId } = continueFrom({
    traceparent: cause.traceparent ?? context.traceparent,
    correlationId: cause.correlationid ?? context.correlationId,
  });
  return { traceparent, correlationid: correlationId };
}

function contractBroken(what: string, faults: readonly Fault[]): Error {
  const list = faults.map(({ path, message }) => `${path === '' ? '/' : path} ${message}`).join('; ');
  return new Error(`${what} breaks its contract: ${list}. Nothing was sent; correct the code that says it.`);
}
