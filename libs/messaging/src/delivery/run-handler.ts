import type { CommandDefinition, DataOf, TopicDefinition } from '@roofshot/contracts/define';
import type { CloudEvent } from '@roofshot/contracts/envelope';
import { continueFrom, runWith } from '@roofshot/telemetry/context';
import type { OutgoingRecord } from '../events/bus.ts';
import type {
  BatchHandler,
  EachHandler,
  EventBatch,
  NewEventOf,
  Outcome,
  Received,
  RecordBatch,
  RecordsHandler,
  TakenRecords,
  Tx,
} from '../handlers.ts';
import { HandlerFailed, rejectionOf } from './failures.ts';

/** An event that was not simply done: what became of it, and why. */
export interface Verdict {
  readonly event: Received<CloudEvent>;
  readonly outcome: 'ignored' | 'skipped' | 'rejected';
  readonly reason: string;
  /** What the handler threw to refuse it; absent when it answered so. */
  readonly error?: unknown;
}

/**
 * Hands a batch to its handler. Answers what was not simply done; refused events are among it only when they had written nothing.
 * Throws `HandlerFailed`, and then the transaction must be rolled back.
 */
export async function runHandler(handler: EachHandler | BatchHandler, batch: EventBatch, tx: Tx, service: string): Promise<Verdict[]> {
  if (handler.kind === 'each') return runEach(handler, batch, tx, service);
  const [only] = batch.events.length === 1 ? batch.events : [];
  try {
    await runWith(contextOf(service, only), () => handler.batch(batch, tx));
  } catch (error) {
    throw new HandlerFailed(only?.position.offset, rejectionOf(error), { cause: error });
  }
  return [];
}

/** Hands records to their handler as they are. Both it and the `write` of what it answers throw `HandlerFailed`. */
export async function takeRecords(handler: RecordsHandler, batch: RecordBatch, service: string): Promise<TakenRecords> {
  const [only] = batch.records.length === 1 ? batch.records : [];
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await runWith(contextOf(service, undefined), work);
    } catch (error) {
      throw new HandlerFailed(only?.offset, rejectionOf(error), { cause: error });
    }
  };
  const taken = await guarded(() => handler.take(batch));
  return { write: (tx) => guarded(() => taken.write(tx)), committed: () => taken.committed() };
}

async function runEach(handler: EachHandler, batch: EventBatch, tx: Tx, service: string): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const watched = new WatchedTx(tx);
  for (const event of batch.events) {
    const run = handler.each[event.type];
    if (run === undefined || run === 'ignore') {
      verdicts.push({ event, outcome: 'ignored', reason: '' });
      continue;
    }
    const verdict = await runOne(event, watched, () => runWith(contextOf(service, event), () => run(event, watched)));
    if (verdict !== undefined) verdicts.push(verdict);
  }
  return verdicts;
}

async function runOne(event: Received<CloudEvent>, tx: WatchedTx, run: () => Outcome | Promise<Outcome>): Promise<Verdict | undefined> {
  const actsBefore = tx.acts;
  const { outcome, error } = await outcomeOf(event, run);
  if (outcome.kind === 'done') return undefined;
  if (outcome.kind === 'skip') return { event, outcome: 'skipped', reason: outcome.reason };
  if (tx.acts === actsBefore) return { event, outcome: 'rejected', reason: outcome.reason, error };
  // What it wrote before it refused must not stay: it runs again alone, and then only the refusal is written.
  throw new HandlerFailed(event.position.offset, outcome.reason, { cause: error });
}

/** `error`: the domain error that was a refusal. */
type Answer = { readonly outcome: Outcome; readonly error?: unknown };

async function outcomeOf(event: Received<CloudEvent>, run: () => Outcome | Promise<Outcome>): Promise<Answer> {
  try {
    const outcome: Outcome | undefined = await run();
    if (outcome !== undefined) return { outcome };
  } catch (error) {
    const rejection = rejectionOf(error);
    if (rejection !== undefined) return { outcome: { kind: 'reject', reason: rejection }, error };
    throw new HandlerFailed(event.position.offset, undefined, { cause: error });
  }
  throw new HandlerFailed(event.position.offset, undefined, {
    cause: new TypeError(`The handler of ${event.type} answered no outcome. Return done(), skip(reason) or reject(reason).`),
  });
}

/** The event's own trace and correlation; new ones for a batch of many. */
export function contextOf(service: string, event: CloudEvent | undefined): Parameters<typeof runWith>[0] {
  const trace = continueFrom({ traceparent: event?.traceparent, correlationId: event?.correlationid });
  return { service, ...trace, ...(event !== undefined && { fields: { 'event.id': event.id, 'event.action': event.type } }) };
}

/** Counts what a handler does with its transaction. */
class WatchedTx implements Tx {
  readonly #tx: Tx;
  acts = 0;

  constructor(tx: Tx) {
    this.#tx = tx;
  }

  query<R = Record<string, unknown>>(text: string, params?: readonly unknown[]): Promise<R[]> {
    this.acts += 1;
    return this.#tx.query<R>(text, params);
  }

  publish<T extends TopicDefinition>(topic: T, events: readonly NewEventOf<T>[]): void {
    this.acts += 1;
    this.#tx.publish(topic, events);
  }

  forward(records: readonly OutgoingRecord[]): void {
    this.acts += 1;
    this.#tx.forward(records);
  }

  send<C extends CommandDefinition>(command: C, data: DataOf<C>, options?: { readonly delayMs?: number }): void {
    this.acts += 1;
    this.#tx.send(command, data, options);
  }
}
