import { DeadLetters, type DeadLetter } from '@roofshot/storage/dead-letters';
import { Parking, type Lane, type ParkedKey, type ParkedMessage } from '@roofshot/storage/parking';
import { runWith } from '@roofshot/telemetry/context';
import type { LogRecord } from '../events/bus.ts';
import type { BatchHandler, EachHandler, EventBatch, Tx } from '../handlers.ts';
import { runTransaction } from '../transactions.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { describe, HandlerFailed } from './failures.ts';
import { runHandler, type Verdict } from './run-handler.ts';
import { sortRecord, type Sorted } from './sort-records.ts';

/** What redriving a key came to. */
export interface Redriven {
  /** Messages that were handled now. */
  readonly handled: number;
  /** Whether the key flows again; if not, `failure` says why its oldest message still cannot be handled. */
  readonly released: boolean;
  readonly failure?: string;
}

interface Step {
  readonly handled: number;
  readonly released: boolean;
  readonly failure?: string;
}

type EventHandler = EachHandler | BatchHandler;

/** So many messages of a key in one transaction; after a failure one by one, to stop exactly at the bad one. */
const CHUNK = 100;

/** Lists and handles again what delivery has put aside. Any process of the service may do it, while events keep flowing. */
export class Redrive {
  readonly #setup: DeliverySetup;
  readonly #parking: Parking;
  readonly #deadLetters: DeadLetters;
  readonly #handlerOf: (topic: string) => EventHandler;

  constructor(setup: DeliverySetup, handlerOf: (topic: string) => EventHandler) {
    this.#setup = setup;
    this.#parking = new Parking(setup.schema);
    this.#deadLetters = new DeadLetters(setup.schema);
    this.#handlerOf = handlerOf;
  }

  parkedKeys(topic: string, limit = 100): Promise<ParkedKey[]> {
    return this.#parking.list(this.#setup.sql, this.#laneOf(topic), limit);
  }

  deadLetters(topic?: string, limit = 100): Promise<DeadLetter[]> {
    return this.#deadLetters.list(this.#setup.sql, { group: this.#setup.service, ...(topic !== undefined && { topic }) }, limit);
  }

  /** Handles a parked key's messages in their order, before any later one of the key, and lets the key flow again. Throws when it is not parked. */
  async key(topic: string, key: string): Promise<Redriven> {
    let handled = 0;
    for (let chunk = CHUNK; ;) {
      const step = await this.#step(topic, key, chunk);
      handled += step.handled;
      if (step.failure !== undefined && chunk > 1) chunk = 1;
      else if (step.failure !== undefined) return { handled, released: false, failure: step.failure };
      else if (step.released) return { handled, released: true };
    }
  }

  /** Handles one dead letter again and takes it out; when that fails it stays, and the failure is thrown. */
  async deadLetter(id: number): Promise<void> {
    await this.#inTransaction(async (tx) => {
      const letter = await this.#deadLetters.take(tx, id);
      if (letter === undefined) throw new Error(`There is no dead letter ${id}. It may have been redriven already; list them again.`);
      const [refused] = await this.#handle(tx, [this.#sorted(letter.topic, letter.message)]);
      if (refused !== undefined) throw new Error(`The dead letter ${id} was refused again and stays: ${refused}`);
    });
  }

  async #step(topic: string, key: string, limit: number): Promise<Step> {
    const lane = this.#laneOf(topic);
    try {
      return await this.#inTransaction(async (tx) => {
        const messages = await this.#parking.oldest(tx, lane, key, limit);
        if (messages.length === 0) return { handled: 0, released: await this.#release(tx, lane, key) };
        await this.#handleParked(tx, lane, messages);
        return { handled: messages.length, released: false };
      });
    } catch (error) {
      if (!(error instanceof HandlerFailed)) throw error;
      if (limit === 1 && error.rejection !== undefined) return this.#buryOldest(lane, key, error.rejection);
      return { handled: 0, released: false, failure: describe(error.cause ?? error) };
    }
  }

  /** The handler refuses it for good, which is an answer too. */
  #buryOldest(lane: Lane, key: string, reason: string): Promise<Step> {
    return this.#inTransaction(async (tx) => {
      const messages = await this.#parking.oldest(tx, lane, key, 1);
      await this.#deadLetters.add(
        tx,
        lane,
        messages.map((message) => ({ ...message, reason })),
      );
      await this.#parking.remove(
        tx,
        messages.map(({ id }) => id),
      );
      return { handled: messages.length, released: false };
    });
  }

  async #handleParked(tx: Tx, lane: Lane, messages: readonly ParkedMessage[]): Promise<void> {
    const items = messages.map(({ message }) => this.#sorted(lane.topic, message));
    const refused = await this.#handle(tx, items);
    await this.#deadLetters.add(
      tx,
      lane,
      messages.flatMap((message, i) => (refused[i] === undefined ? [] : [{ ...message, reason: refused[i] }])),
    );
    await this.#parking.remove(
      tx,
      messages.map(({ id }) => id),
    );
  }

  /** Answers, by index, why an item was refused. */
  async #handle(tx: Tx, items: readonly Sorted[]): Promise<(string | undefined)[]> {
    const [first] = items;
    if (first === undefined) return [];
    const { service } = this.#setup;
    const batch = batchOf(first.record, items);
    const run = (): Promise<Verdict[]> => runHandler(this.#handlerOf(batch.topic), batch, tx, service);
    const verdicts = batch.events.length === 0 ? [] : await runWith({ service }, run);
    return items.map((item) => {
      if (item.kind === 'dead') return item.reason;
      const verdict = verdicts.find(({ event, outcome }) => outcome === 'rejected' && event.position.offset === item.record.offset);
      return verdict?.reason;
    });
  }

  async #release(tx: Tx, lane: Lane, key: string): Promise<boolean> {
    if (await this.#parking.release(tx, lane, key)) return true;
    throw new Error(`The key "${key}" of "${lane.topic}" is not parked. It may have been redriven already; list the parked keys again.`);
  }

  #sorted(topic: string, message: string): Sorted {
    return sortRecord(JSON.parse(message) as LogRecord, this.#handlerOf(topic).topic);
  }

  #inTransaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return runTransaction(this.#setup.sql, this.#setup, this.#setup, work);
  }

  #laneOf(topic: string): Lane {
    return { group: this.#setup.service, topic };
  }
}

function batchOf({ topic, partition, offset }: LogRecord, items: readonly Sorted[]): EventBatch {
  const events = items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));
  return { topic, partition, events, progress: undefined, start: offset, end: (items.at(-1)?.record.offset ?? offset) + 1 };
}
