import { CarriedMarks } from '@roofshot/storage/carried-marks';
import { Checkpoints, Fenced } from '@roofshot/storage/checkpoint';
import { DeadLetters } from '@roofshot/storage/dead-letters';
import { Parking } from '@roofshot/storage/parking';
import { runWith } from '@roofshot/telemetry/context';
import { backOffMs, pause } from '../back-off.ts';
import { PartitionStopped, type LogBounds, type LogRecord, type PartitionReader, type TopicPartition } from '../events/bus.ts';
import type { SharedHandler } from '../handlers.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { metrics } from './delivery-metrics.ts';
import { EventTask, type TaskSurroundings } from './event-task.ts';
import { HandlerFailed, isPassing, rejectionOf } from './failures.ts';
import { ParkingLimit } from './parking-limit.ts';
import { itemFor, type Item } from './sort-records.ts';

/** A batch is tried so often as a whole before it is taken apart: most failures are short. */
const ATTEMPTS = 3;
const RETRY = { firstMs: 50, longestMs: 5_000 };

/**
 * Delivers the log to a service's `on`, `onBatch` and `onRecords` handlers, the same way for every adapter. State, outgoing messages and position
 * are one transaction, fenced by the claim's epoch: each event counts exactly once, however often it is read.
 */
export class EventDelivery implements PartitionReader {
  readonly #surroundings: TaskSurroundings;
  readonly #handlers: readonly SharedHandler[];
  readonly #tasks = new Map<string, EventTask>();
  readonly #stopping = new AbortController();

  constructor(setup: DeliverySetup, handlers: readonly SharedHandler[]) {
    const parking = new Parking(setup.schema);
    const limit = new ParkingLimit(parking);
    const { schema } = setup;
    this.#surroundings = {
      setup,
      parking,
      limit,
      checkpoints: new Checkpoints(schema),
      carriedMarks: new CarriedMarks(schema),
      deadLetters: new DeadLetters(schema),
    };
    this.#handlers = handlers;
  }

  async claim(bounds: LogBounds): Promise<number> {
    const task = await EventTask.claim(this.#surroundings, this.handlerOf(bounds.topic), bounds);
    this.#tasks.set(nameOf(bounds), task);
    return task.position;
  }

  read(partition: TopicPartition, records: readonly LogRecord[]): Promise<number> {
    return runWith({ service: this.#surroundings.setup.service }, () => this.#read(partition, records));
  }

  async caughtUp(partition: TopicPartition, position: number): Promise<void> {
    await this.#tasks.get(nameOf(partition))?.passTo(position);
    const handler = this.handlerOf(partition.topic);
    const { topic, partition: number } = partition;
    if (handler.kind !== 'batch') return;
    await runWith({ service: this.#surroundings.setup.service }, () => handler.options.caughtUp?.({ topic, partition: number }));
  }

  lost(partition: TopicPartition): void {
    this.#tasks.delete(nameOf(partition));
    metrics['partition.lag'](0, { topic: partition.topic, partition: String(partition.partition) });
  }

  /** Ends waiting retries, so that the running batches end soon. */
  stop(): void {
    this.#stopping.abort();
  }

  async #read(partition: TopicPartition, records: readonly LogRecord[]): Promise<number> {
    const task = this.#tasks.get(nameOf(partition));
    if (task === undefined) throw new Error(`Partition ${partition.partition} of "${partition.topic}" was read before it was claimed.`);
    const handler = this.handlerOf(partition.topic);
    const pieces: Piece[] = [{ items: records.map((record) => itemFor(handler, record)), attempts: 0, firstFailedAt: 0 }];
    for (let attempts = ATTEMPTS; ; attempts = 1) {
      const piece = pieces.shift();
      if (piece === undefined) return task.position;
      const failed = await this.#tryPiece(task, piece, attempts);
      if (failed === undefined) continue;
      const [only] = piece.items;
      if (piece.items.length > 1 || only === undefined) pieces.unshift(...takeApart(failed));
      else await this.#giveUp(task, only, failed);
    }
  }

  /** Answers the piece with its last failure, when that is one of the messages themselves; throws every other. */
  async #tryPiece(task: EventTask, { items, ...before }: Piece, attempts: number): Promise<FailedPiece | undefined> {
    let { firstFailedAt } = before;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await task.handle(items);
        return undefined;
      } catch (error) {
        this.#throwOn(error, items);
        firstFailedAt ||= Date.now();
        if (attempt >= attempts || isRefusal(error)) return { items, attempts: before.attempts + attempt, firstFailedAt, failure: error };
        await pause(backOffMs(attempt, RETRY), this.#stopping.signal);
        if (this.#stopping.signal.aborted) throw error;
      }
    }
  }

  /** Whatever passes by itself, or means that the partition is not ours, is the adapter's to try again after a new claim. */
  #throwOn(error: unknown, piece: readonly Item[]): void {
    if (error instanceof Fenced || error instanceof PartitionStopped || isPassing(error)) throw error;
    const [first] = piece;
    if (first === undefined) throw error;
    const { topic, partition } = first.record;
    metrics['event-batches.failed'](1, { topic });
    this.#surroundings.setup.log.warn('A batch of events failed and was rolled back.', {
      'labels.topic': topic,
      'labels.partition': partition,
      'labels.offset': first.record.offset,
      'labels.events': piece.length,
      error: error instanceof HandlerFailed ? (error.cause ?? error) : error,
    });
  }

  /** A control record cannot be parked or dropped without losing progress: it is tried until the handler takes it. */
  async #giveUp(task: EventTask, item: Item, { failure, attempts, firstFailedAt }: FailedPiece): Promise<void> {
    if (item.kind !== 'event' && item.kind !== 'raw') throw failure;
    await task.giveUp(item, failure, { attempts, firstFailedAt });
  }

  /** Throws when the service does not read the topic. */
  handlerOf(topic: string): SharedHandler {
    return handlerOf(this.#handlers, topic, this.#surroundings.setup.service);
  }
}

/** Throws when none of the service's handlers reads the topic. */
export function handlerOf(handlers: readonly SharedHandler[], topic: string, service: string): SharedHandler {
  const handler = handlers.find((candidate) => isFor(candidate, topic));
  if (handler === undefined) throw new Error(`No handler of ${service} reads the topic "${topic}".`);
  return handler;
}

/** Part of what was read, with how often it was tried in vain so far and since when (epoch milliseconds; 0: it has not failed). */
interface Piece {
  readonly items: readonly Item[];
  readonly attempts: number;
  readonly firstFailedAt: number;
}

interface FailedPiece extends Piece {
  readonly failure: unknown;
}

/** Around the event that failed where that is known, else into halves: the good parts commit on their own. */
function takeApart({ items: piece, failure, ...tries }: FailedPiece): Piece[] {
  const offset = failure instanceof HandlerFailed ? failure.offset : undefined;
  const at = piece.findIndex(({ record }) => record.offset === offset);
  const middle = piece.length >> 1;
  const parts = at < 0 ? [piece.slice(0, middle), piece.slice(middle)] : [piece.slice(0, at), piece.slice(at, at + 1), piece.slice(at + 1)];
  return parts.filter((part) => part.length > 0).map((items) => ({ items, ...tries }));
}

function isRefusal(error: unknown): boolean {
  return error instanceof HandlerFailed && (error.rejection !== undefined || rejectionOf(error.cause) !== undefined);
}

function isFor({ topic }: SharedHandler, name: string): boolean {
  return topic.kind === 'topic' ? topic.name === name : name.startsWith(topic.prefix);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
