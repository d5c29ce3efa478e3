import { DeadLetters, type DeadLetter } from '@roofshot/storage/dead-letters';
import type { FailureRecord } from '@roofshot/storage/failure-record';
import { Parking, type Lane, type ParkedKey, type ParkedMessage } from '@roofshot/storage/parking';
import { runWith } from '@roofshot/telemetry/context';
import type { LogRecord } from '../events/bus.ts';
import type { EventBatch, RecordsHandler, SharedHandler, TakenRecords, Tx } from '../handlers.ts';
import { runTransaction } from '../transactions.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { failureOf, HandlerFailed, isPassing } from './failures.ts';
import { letterOf, refusalOf } from './letters.ts';
import { runHandler, takeRecords, type Verdict } from './run-handler.ts';
import { itemFor, type Item } from './sort-records.ts';

/** What redriving a key came to. */
export interface Redriven {
  /** Messages that were handled now. */
  readonly handled: number;
  /** Whether the key flows again; if not, `failure` says why its oldest message still cannot be handled. */
  readonly released: boolean;
  readonly failure?: FailureRecord;
  /** The failure lies outside of the message and will pass. */
  readonly isPassing?: boolean;
}

/** What handling a dead letter again came to: it is gone, or stays with its new failure, or as it was where the failure will pass. */
export type RedrivenLetter =
  { readonly outcome: 'handled' | 'gone' } | { readonly outcome: 'refused' | 'unavailable'; readonly failure: FailureRecord };

/** The key that was asked for is not parked (any more). */
export class NotParked extends Error {
  override readonly name = 'NotParked';
}

/** Rolls back what handling a dead letter again has written. */
class RefusedAgain extends Error {
  constructor(readonly failure: FailureRecord) {
    super(failure.reason);
  }
}

type Say = (tx: Tx, record: LogRecord) => void;

/** Who takes events, and parks the keys of those that fail. */
type ParkingHandler = Exclude<SharedHandler, RecordsHandler>;

/** So many messages of a key in one transaction; after a failure one by one, to stop exactly at the bad one. */
const CHUNK = 100;

/** Lists and handles again what delivery has put aside. Any process of the service may do it, while events keep flowing. */
export class Redrive {
  readonly #setup: DeliverySetup;
  readonly #parking: Parking;
  readonly #deadLetters: DeadLetters;
  readonly #handlerOf: (topic: string) => SharedHandler;

  constructor(setup: DeliverySetup, handlerOf: (topic: string) => SharedHandler) {
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

  /** Handles a parked key's messages in their order, before any later one of the key, and lets the key flow again. Throws `NotParked`. */
  async key(topic: string, key: string): Promise<Redriven> {
    let handled = 0;
    for (let chunk = CHUNK; ;) {
      const step = await this.#step(topic, key, chunk);
      handled += step.handled;
      if (step.failure !== undefined && chunk > 1) chunk = 1;
      else if (step.failure !== undefined) return { ...step, handled };
      else if (step.released) return { handled, released: true };
    }
  }

  /**
   * Takes the message behind which a key waits out of its queue; `say` is of the same transaction. Answers it, or undefined when another
   * one is the oldest by now. The key itself stays parked: `key` lets it flow.
   */
  skipOldest(
    topic: string,
    key: string,
    at: { readonly partition: number; readonly offset: number },
    say: Say,
  ): Promise<LogRecord | undefined> {
    return this.#inTransaction(async (tx) => {
      const [oldest] = await this.#parking.oldest(tx, this.#laneOf(topic), key, 1);
      if (oldest === undefined || oldest.partition !== at.partition || oldest.offset !== at.offset) return undefined;
      await this.#parking.remove(tx, [oldest.id]);
      const record = JSON.parse(oldest.message) as LogRecord;
      say(tx, record);
      return record;
    });
  }

  /** Handles one dead letter again and takes it out; when that fails it stays. */
  async deadLetter(id: number): Promise<RedrivenLetter> {
    try {
      return await this.#handleLetter(id);
    } catch (error) {
      const failure = error instanceof RefusedAgain ? error.failure : failureOf(error);
      if (isPassing(error)) return { outcome: 'unavailable', failure };
      await this.#deadLetters.failedAgain(this.#setup.sql, id, failure);
      return { outcome: 'refused', failure };
    }
  }

  async #handleLetter(id: number): Promise<RedrivenLetter> {
    const { outcome, taken } = await this.#inTransaction(async (tx): Promise<{ outcome: 'handled' | 'gone'; taken?: TakenRecords }> => {
      const letter = await this.#deadLetters.take(tx, id);
      if (letter === undefined) return { outcome: 'gone' };
      const item = this.#itemOf(letter.topic, letter.message);
      const handler = this.#handlerOf(letter.topic);
      if (handler.kind === 'records') return { outcome: 'handled', taken: await this.#takeRecord(tx, handler, item) };
      const [refused] = await this.#handle(tx, [item], handler);
      if (refused !== undefined) throw new RefusedAgain(refused);
      return { outcome: 'handled' };
    });
    taken?.committed();
    return { outcome };
  }

  async #takeRecord(tx: Tx, handler: RecordsHandler, { record }: Item): Promise<TakenRecords> {
    const { topic, partition, offset } = record;
    const batch = { topic, partition, records: [record], start: offset, end: offset + 1 };
    const taken = await takeRecords(handler, batch, this.#setup.service);
    await taken.write(tx);
    return taken;
  }

  async #step(topic: string, key: string, limit: number): Promise<Redriven> {
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
      const failure = failureOf(error);
      if (isPassing(error)) return { handled: 0, released: false, failure, isPassing: true };
      if (limit === 1 && error.rejection !== undefined) return this.#buryOldest(lane, key, failure);
      if (limit === 1) await this.#parking.failedAgain(this.#setup.sql, lane, key, failure);
      return { handled: 0, released: false, failure };
    }
  }

  /** The handler refuses it for good, which is an answer too. */
  #buryOldest(lane: Lane, key: string, failure: FailureRecord): Promise<Redriven> {
    return this.#inTransaction(async (tx) => {
      const messages = await this.#parking.oldest(tx, lane, key, 1);
      await this.#bury(
        tx,
        lane,
        messages.map((message) => ({ message, failure })),
      );
      return { handled: messages.length, released: false };
    });
  }

  async #handleParked(tx: Tx, lane: Lane, messages: readonly ParkedMessage[]): Promise<void> {
    const items = messages.map(({ message }) => this.#itemOf(lane.topic, message));
    const refused = await this.#handle(tx, items, this.#parkingHandlerOf(lane.topic));
    await this.#bury(
      tx,
      lane,
      messages.map((message, i) => ({ message, failure: refused[i] })),
    );
  }

  /** Takes messages out of their key's queue; those with a failure to the dead letters. */
  async #bury(
    tx: Tx,
    lane: Lane,
    handled: readonly { readonly message: ParkedMessage; readonly failure: FailureRecord | undefined }[],
  ): Promise<void> {
    const letters = handled.flatMap(({ message: { key, message }, failure }) =>
      failure === undefined ? [] : [{ ...letterOf(JSON.parse(message) as LogRecord, failure), key }],
    );
    await this.#deadLetters.add(tx, lane, letters);
    await this.#parking.remove(
      tx,
      handled.map(({ message }) => message.id),
    );
  }

  /** Answers, by index, why an item was refused. */
  async #handle(tx: Tx, items: readonly Item[], handler: ParkingHandler): Promise<(FailureRecord | undefined)[]> {
    const [first] = items;
    if (first === undefined) return [];
    const { service } = this.#setup;
    const batch = batchOf(first.record, items);
    const run = (): Promise<Verdict[]> => runHandler(handler, batch, tx, service);
    const verdicts = batch.events.length === 0 ? [] : await runWith({ service }, run);
    return items.map((item) => {
      if (item.kind === 'dead') return { reason: item.reason, code: item.code };
      const verdict = verdicts.find(({ event, outcome }) => outcome === 'rejected' && event.position.offset === item.record.offset);
      return verdict === undefined ? undefined : refusalOf(verdict);
    });
  }

  async #release(tx: Tx, lane: Lane, key: string): Promise<boolean> {
    if (await this.#parking.release(tx, lane, key)) return true;
    throw new NotParked(
      `The key "${key}" of "${lane.topic}" is not parked. It may have been redriven already; list the parked keys again.`,
    );
  }

  #itemOf(topic: string, message: string): Item {
    return itemFor(this.#handlerOf(topic), JSON.parse(message) as LogRecord);
  }

  #parkingHandlerOf(topic: string): ParkingHandler {
    const handler = this.#handlerOf(topic);
    if (handler.kind === 'records') throw new Error(`No key of "${topic}" is ever parked: its records are taken as they are.`);
    return handler;
  }

  #inTransaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return runTransaction(this.#setup.sql, this.#setup, this.#setup, work);
  }

  #laneOf(topic: string): Lane {
    return { group: this.#setup.service, topic };
  }
}

function batchOf({ topic, partition, offset }: LogRecord, items: readonly Item[]): EventBatch {
  const events = items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));
  return { topic, partition, events, progress: undefined, start: offset, end: (items.at(-1)?.record.offset ?? offset) + 1 };
}
