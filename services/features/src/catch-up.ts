import { setTimeout as delay } from 'node:timers/promises';
import { EVENT_ERASED, SOURCE_PROGRESSED } from '@roofshot/contracts/envelope';
import { topicOf } from '@roofshot/contracts/events';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import { decodeEvent, isUndecodable } from '@roofshot/messaging/cloud-event-codec';
import type { EventBus, LogBounds, LogRecord } from '@roofshot/messaging/events';
import type { Tx } from '@roofshot/messaging/handlers';
import { Repetitions } from '@roofshot/messaging/repetitions';
import type { Transactions } from '@roofshot/messaging/transactions';
import type { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import { runWith } from '@roofshot/telemetry/context';
import type { Logger } from '@roofshot/telemetry/logger';
import type { ActiveViews } from './active-views.ts';
import { unlessErased } from './erasures/unless-erased.ts';
import { greatestTime, knownBefore, toLogEvent, type LogEvent } from './fold-events.ts';
import { foldInto } from './fold-into.ts';
import { metrics } from './metrics.ts';
import type { Committed, OnlineWriter } from './online-writer.ts';
import { ensurePositions, holdPosition, livePosition, moveView, parkedOffsets, type ViewPosition } from './view-positions.ts';

export interface CatchUpSetup {
  readonly name: string;
  readonly sql: Sql;
  readonly transactions: Transactions;
  readonly events: EventBus;
  readonly views: ActiveViews;
  readonly writer: OnlineWriter;
  readonly erased: ErasedSubjects;
  readonly log: Logger;
  /** What follows when no view is behind any more. */
  readonly met: () => Promise<void>;
}

/** Records in one transaction: live batches of the partition wait for it, so it is kept short. */
const CHUNK = 1_000;
const RETRY_MS = 1_000;
/** Records before a view's position that tell what comes a second time behind it: ten times what an outbox sends again at once. */
const LOOK_BACK = 5_000;

type Step = 'met' | 'moved';

interface Folded {
  readonly moved: boolean;
  readonly committed: Committed;
  /** After the commit. */
  readonly passed?: () => void;
}

/** What has been sent so far, by the place up to which a view has folded a partition. */
interface Passed {
  readonly position: number;
  readonly repetitions: Repetitions;
}

/**
 * Lets views that stand behind the service's position fold the log from where they stand, until they meet it: a new view begins
 * with the first record of the log. State and position move in one transaction, as in live folding, and a live batch takes a view
 * along exactly from the position at which it met.
 */
export class CatchUp {
  readonly #setup: CatchUpSetup;
  readonly #passed = new Map<string, Passed>();
  #running: Promise<void> | undefined;
  #asked = false;
  readonly #stopping = new AbortController();

  constructor(setup: CatchUpSetup) {
    this.#setup = setup;
  }

  /** Looks for views that are behind, in the background; asked again while it runs, it looks again. */
  start(): void {
    this.#asked = true;
    if (this.#stopping.signal.aborted) return;
    this.#running ??= runWith({ service: this.#setup.name }, () => this.#run()).finally(() => {
      this.#running = undefined;
      if (this.#asked) this.start(); // asked for while the last run was ending
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#asked && !this.#stopping.signal.aborted) {
      this.#asked = false;
      let failed = false;
      for (const plan of this.#setup.views.plans()) failed = !(await this.#attempt(() => this.#catchUpView(plan), plan.stateKey)) || failed;
      if (failed) await this.#pause();
      else await this.#attempt(this.#setup.met, 'all');
    }
  }

  /** One view that cannot go on must not keep the others from it. */
  async #attempt(work: () => Promise<void>, view: string): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#setup.log[failureLevel(error)]('A view could not catch up with the log; it is tried again in a second.', {
        'labels.view': view,
        error,
      });
      return false;
    }
  }

  async #pause(): Promise<void> {
    this.#asked = true;
    await delay(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  async #catchUpView(plan: ViewPlan): Promise<void> {
    const bounds = await this.#setup.events.bounds(topicOf(plan.eventType));
    await ensurePositions(this.#setup.sql, [plan.stateKey], bounds);
    for (const task of bounds) {
      while (!this.#stopping.signal.aborted && (await this.#step(plan, task)) === 'moved');
    }
  }

  async #step(plan: ViewPlan, task: LogBounds): Promise<Step> {
    const step = await this.#setup.transactions.run((tx) => this.#fold(tx, plan, task));
    if (step === undefined) return 'met';
    step.passed?.();
    await this.#setup.writer.settle(step.committed);
    return step.moved ? 'moved' : 'met';
  }

  /** One chunk; undefined when the view has met the service's position and the online store has all of it. */
  async #fold(tx: Tx, plan: ViewPlan, task: LogBounds): Promise<Folded | undefined> {
    const { name, events, views, erased } = this.#setup;
    const isErased = await erased.read(tx); // before anything is touched
    const held = await holdPosition(tx, plan.stateKey, task);
    const live = await livePosition(tx, name, task);
    if (held === undefined || live === undefined) return undefined;
    if (held.nextOffset >= live)
      return held.onlineOffset < held.nextOffset ? foldedTo(held, { end: held.nextOffset, progress: held.progress }, []) : undefined;
    const records = (await events.readFrom(task, held.nextOffset, CHUNK)).filter(({ offset }) => offset < live);
    const place = `${plan.stateKey} ${task.topic}/${task.partition}`;
    const repetitions = await this.#repetitionsAt(place, task, held.nextOffset);
    const { fresh, marks } = repetitions.recognise(records.map((record) => ({ record })));
    const end = records.length < CHUNK ? live : (records.at(-1)?.offset ?? live - 1) + 1;
    const parked = await parkedOffsets(tx, name, task, held.nextOffset);
    const read = readRecords(fresh.map(({ record }) => record).filter(({ offset }) => !parked.has(offset)));
    const known = views.isImported(task.topic) ? null : knownBefore(read.events);
    const progress = greatestTime([held.progress ?? NaN, read.said ?? NaN, known ?? NaN]);
    await moveView(tx, plan.stateKey, task, { end, progress });
    const rows = await foldInto(tx, [unlessErased(plan, isErased)], { ...task, events: read.events });
    metrics['catch-up.events'](read.events.length, { view: plan.name });
    const passed = (): void => {
      repetitions.passed(marks);
      this.#passed.set(place, { position: end, repetitions });
    };
    return { ...foldedTo(held, { end, progress }, rows), passed };
  }

  /** The service's own marks are those of its live position, which is further. */
  async #repetitionsAt(place: string, task: LogBounds, position: number): Promise<Repetitions> {
    const kept = this.#passed.get(place);
    if (kept?.position === position) return kept.repetitions;
    const repetitions = new Repetitions();
    const from = Math.max(task.start, position - LOOK_BACK);
    if (from < position)
      repetitions.pass((await this.#setup.events.readFrom(task, from, position - from)).filter(({ offset }) => offset < position));
    return repetitions;
  }
}

function foldedTo(held: ViewPosition, { end, progress }: { end: number; progress: number | null }, rows: Committed['rows']): Folded {
  const { view, topic, partition, nextOffset, onlineOffset } = held;
  const settlements = [{ view, topic, partition, offset: end, progress }];
  return { moved: end > nextOffset, committed: { rows, settlements, behind: onlineOffset < nextOffset ? [view] : [] } };
}

interface Read {
  readonly events: LogEvent[];
  /** The greatest progress that control records say. */
  readonly said: number | null;
}

function readRecords(records: readonly LogRecord[]): Read {
  const decoded = records.map(decodeEvent).flatMap((event) => (isUndecodable(event) ? [] : [event])); // the others are dead letters
  const events = decoded
    .filter(({ type }) => type !== SOURCE_PROGRESSED)
    .map((event) => (event.type === EVENT_ERASED ? { ...toLogEvent(event), isErased: true } : toLogEvent(event)));
  const controls = decoded.filter(({ type }) => type === SOURCE_PROGRESSED);
  return {
    events,
    said: greatestTime(controls.map(({ data }) => Date.parse((data as { eventTime: string }).eventTime))),
  };
}
