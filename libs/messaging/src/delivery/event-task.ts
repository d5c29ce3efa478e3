import type { CarriedMark, CarriedMarks } from '@roofshot/storage/carried-marks';
import type { Checkpoints } from '@roofshot/storage/checkpoint';
import type { DeadLetters } from '@roofshot/storage/dead-letters';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Parking } from '@roofshot/storage/parking';
import type { Queryable } from '@roofshot/storage/sql';
import { PartitionStopped, type LogBounds, type TopicPartition } from '../events/bus.ts';
import type { EventBatch, RecordsHandler, SharedHandler } from '../handlers.ts';
import { runTransaction } from '../transactions.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { metrics } from './delivery-metrics.ts';
import { failureOf, HandlerFailed } from './failures.ts';
import { letterOf, lettersOf, messageOf } from './letters.ts';
import type { ParkingLimit } from './parking-limit.ts';
import { Repetitions } from './repetitions.ts';
import { runHandler, takeRecords, type Verdict } from './run-handler.ts';
import { greatestProgress, type Item } from './sort-records.ts';
import { countOutcome, logOutcome } from './tell-outcome.ts';

/** What the tasks of one service share. */
export interface TaskSurroundings {
  readonly setup: DeliverySetup;
  readonly checkpoints: Checkpoints;
  readonly carriedMarks: CarriedMarks;
  readonly parking: Parking;
  readonly deadLetters: DeadLetters;
  readonly limit: ParkingLimit;
}

/** What a committed piece came to, told after the commit because a retried one must not be told twice. */
interface Result {
  readonly batch: EventBatch;
  readonly verdicts: readonly Verdict[];
  readonly queued: readonly Item[];
  readonly dead: readonly Item[];
  readonly repeated: readonly Item[];
}

/** One claimed partition: moves its position together with everything that its events cause, in one transaction. */
export class EventTask {
  readonly #surroundings: TaskSurroundings;
  readonly #handler: SharedHandler;
  readonly #partition: TopicPartition;
  readonly #epoch: number;
  readonly #repetitions: Repetitions;
  #position: number;

  private constructor(
    surroundings: TaskSurroundings,
    handler: SharedHandler,
    held: { epoch: number; nextOffset: number; marks: readonly CarriedMark[] } & TopicPartition,
  ) {
    this.#surroundings = surroundings;
    this.#handler = handler;
    this.#partition = { topic: held.topic, partition: held.partition };
    this.#epoch = held.epoch;
    this.#repetitions = new Repetitions(held.marks);
    this.#position = held.nextOffset;
  }

  /** Takes the partition over, which fences whoever had it. */
  static async claim(surroundings: TaskSurroundings, handler: SharedHandler, bounds: LogBounds): Promise<EventTask> {
    const { setup, checkpoints, carriedMarks } = surroundings;
    const { topic, partition, topicId, start } = bounds;
    const task = { group: setup.service, topic, partition };
    try {
      const held = await checkpoints.claim(setup.sql, task, topicId, start);
      return new EventTask(surroundings, handler, { ...held, marks: await carriedMarks.below(setup.sql, task, held.nextOffset) });
    } catch (error) {
      if (error instanceof Error && error.name === 'TopicReplaced') throw new PartitionStopped(error.message, { cause: error });
      throw error;
    }
  }

  get position(): number {
    return this.#position;
  }

  /** Handles a piece and moves on to its end, in one transaction. Throws `HandlerFailed`, `Fenced`, or what the database throws; nothing has happened then. */
  async handle(items: readonly Item[]): Promise<void> {
    if (this.#handler.kind === 'records') await this.#handleRecords(this.#handler, items);
    else await this.#handleSorted(this.#handler, items);
  }

  async #handleSorted(handler: Exclude<SharedHandler, RecordsHandler>, items: readonly Item[]): Promise<void> {
    const { setup, checkpoints, carriedMarks } = this.#surroundings;
    const begun = performance.now();
    const { fresh, repeated, marks } = this.#repetitions.recognise(items);
    const end = (items.at(-1)?.record.offset ?? this.#position - 1) + 1;
    const result = await runTransaction(setup.sql, setup, setup, async (tx) => {
      const queued = await this.#queueParked(tx, fresh);
      const dead = fresh.filter((item) => item.kind === 'dead');
      const batch = this.#batchOf(fresh, queued, end);
      const isWanted = batch.events.length > 0 || (batch.progress !== undefined && handler.kind === 'batch');
      const verdicts = isWanted ? await runHandler(handler, batch, tx, setup.service) : [];
      await this.#bury(tx, lettersOf(dead, verdicts, items));
      await checkpoints.advance(tx, {
        ...this.#move(batch.end),
        progress: progressDate(batch),
        isRepeatable: this.#isRepeatable && !tx.hasSpoken,
      });
      await carriedMarks.move(tx, this.#task, marks);
      return { batch, verdicts, queued, dead, repeated };
    });
    this.#position = end;
    this.#repetitions.passed(marks);
    metrics['event-batch.ms'](performance.now() - begun, { topic: this.#partition.topic });
    this.#tell(result);
    await this.#afterCommit(result.batch);
  }

  /** What an outbox writes on its records counts for nothing here: others may have copied them with all their headers. */
  async #handleRecords(handler: RecordsHandler, items: readonly Item[]): Promise<void> {
    const { setup, checkpoints, limit } = this.#surroundings;
    const begun = performance.now();
    const end = (items.at(-1)?.record.offset ?? this.#position - 1) + 1;
    const records = items.map(({ record }) => record);
    const taken = await takeRecords(handler, { ...this.#partition, records, start: this.#position, end }, setup.service);
    await runTransaction(setup.sql, setup, setup, async (tx) => {
      await taken.write(tx);
      await checkpoints.advance(tx, { ...this.#move(end), isRepeatable: this.#isRepeatable && !tx.hasSpoken });
    });
    this.#position = end;
    metrics['event-batch.ms'](performance.now() - begun, { topic: this.#partition.topic });
    limit.countHandled(this.#partition.topic, records.length);
    countOutcome(this.#partition, 'done', records.length);
    taken.committed();
  }

  /** Moves past what is no record (end markers of transactions, gaps of compaction): retention may drop it, and then it counts as read. */
  async passTo(position: number): Promise<void> {
    if (position <= this.#position) return;
    await this.#surroundings.checkpoints.advance(this.#surroundings.setup.sql, {
      ...this.#move(position),
      isRepeatable: this.#isRepeatable,
    });
    this.#position = position;
  }

  /**
   * Moves past one that nothing helps: a refused event and a raw record to the dead letters, any other event parks its key. `tries`: how
   * often it was tried in vain, and since when (epoch milliseconds).
   */
  async giveUp(item: Item, error: unknown, tries: { readonly attempts: number; readonly firstFailedAt: number }): Promise<void> {
    const { setup, checkpoints, carriedMarks, parking, limit } = this.#surroundings;
    const rejection = error instanceof HandlerFailed ? error.rejection : undefined;
    const failure = { ...failureOf(error), ...tries };
    const { reason } = failure;
    const end = item.record.offset + 1;
    const marks = item.kind === 'raw' ? [] : this.#repetitions.recognise([item]).marks;
    const isBuried = rejection !== undefined || item.kind === 'raw';
    if (isBuried && rejection === undefined) limit.refuseTooManyGivenUp(this.#lane, reason);
    await setup.sql.transaction(async (tx) => {
      if (isBuried) {
        await this.#bury(tx, [letterOf(item.record, failure)]);
      } else {
        await limit.refuseTooMany(tx, this.#lane, reason);
        await parking.parkKey(tx, this.#lane, item.record.key, failure);
        await parking.queue(tx, this.#lane, [messageOf(item.record)]);
      }
      await checkpoints.advance(tx, this.#move(end));
      await carriedMarks.move(tx, this.#task, marks);
    });
    this.#position = end;
    this.#repetitions.passed(marks);
    const givenUp = isBuried ? 'given-up' : 'parked';
    const outcome = rejection === undefined ? givenUp : 'rejected';
    countOutcome(this.#partition, outcome, 1);
    logOutcome(setup, item, outcome, { reason, error: error instanceof HandlerFailed ? error.cause : error });
  }

  /**
   * Log, state and position are of one database, so a crash of it loses the end of all three together and the fold is done again. But
   * what is said is told to others at once, who would remember what the crash makes unsaid: such a commit waits for the disk.
   */
  get #isRepeatable(): boolean {
    const { bus, queue } = this.#surroundings.setup;
    return bus.sharesDatabase && queue.sharesDatabase;
  }

  get #lane(): { group: string; topic: string } {
    return { group: this.#surroundings.setup.service, topic: this.#partition.topic };
  }

  get #task(): { group: string } & TopicPartition {
    return { group: this.#surroundings.setup.service, ...this.#partition };
  }

  #move(end: number): { group: string; topic: string; partition: number; epoch: number; start: number; end: number } {
    return { ...this.#task, epoch: this.#epoch, start: this.#position, end };
  }

  /** Events of parked keys wait behind the one that failed. */
  async #queueParked(tx: Queryable, items: readonly Item[]): Promise<Item[]> {
    const { parking } = this.#surroundings;
    const events = items.filter((item) => item.kind === 'event');
    if (events.length === 0) return [];
    const parked = await parking.parkedAmong(
      tx,
      this.#lane,
      events.map((item) => item.record.key),
    );
    if (parked.size === 0) return [];
    const queued = events.filter((item) => parked.has(item.record.key));
    await parking.queue(
      tx,
      this.#lane,
      queued.map(({ record }) => messageOf(record)),
    );
    return queued;
  }

  #batchOf(items: readonly Item[], queued: readonly Item[], end: number): EventBatch {
    const waiting = new Set(queued);
    const events = items.flatMap((item) => (item.kind === 'event' && !waiting.has(item) ? [item.event] : []));
    return { ...this.#partition, events, progress: greatestProgress(items), start: this.#position, end };
  }

  async #bury(tx: Queryable, letters: Parameters<DeadLetters['add']>[2]): Promise<void> {
    await this.#surroundings.deadLetters.add(tx, this.#lane, letters);
  }

  async #afterCommit(batch: EventBatch): Promise<void> {
    if (this.#handler.kind !== 'batch' || this.#handler.options.afterCommit === undefined) return;
    try {
      await this.#handler.options.afterCommit(batch);
    } catch (error) {
      this.#surroundings.setup.log[failureLevel(error)]('What follows the commit of a batch failed; the batch itself stands.', {
        ...this.#fields,
        error,
      });
    }
  }

  #tell({ batch, verdicts, queued, dead, repeated }: Result): void {
    const { limit, setup } = this.#surroundings;
    limit.countHandled(batch.topic, batch.events.length);
    const count = (outcome: Parameters<typeof countOutcome>[1], events: number): void => countOutcome(this.#partition, outcome, events);
    for (const { event, outcome, reason } of verdicts) {
      count(outcome, 1);
      if (outcome !== 'ignored') logOutcome(setup, event, outcome, { reason });
    }
    count('queued', queued.length);
    for (const item of queued) logOutcome(setup, item, 'queued', { reason: 'its key is parked' });
    count('dead', dead.length);
    for (const item of dead) logOutcome(setup, item, 'dead', item.kind === 'dead' ? item : {});
    count('repeated', repeated.length);
    count('done', batch.events.length - verdicts.length);
    if (!setup.log.isEnabled('debug')) return; // there may be thousands
    for (const item of repeated) logOutcome(setup, item, 'repeated');
    const isTold = new Set(verdicts.map(({ event }) => event));
    for (const event of batch.events) if (!isTold.has(event)) logOutcome(setup, event, 'done');
  }

  get #fields(): Record<`labels.${string}`, string | number> {
    return { 'labels.topic': this.#partition.topic, 'labels.partition': this.#partition.partition };
  }
}

function progressDate({ progress }: EventBatch): Date | undefined {
  return progress === undefined ? undefined : new Date(progress);
}
