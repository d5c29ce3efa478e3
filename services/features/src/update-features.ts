import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { EventBus, TopicPartition } from '@roofshot/messaging/events';
import type { EventBatch, Tx } from '@roofshot/messaging/handlers';
import type { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { ActiveViews } from './active-views.ts';
import type { CatchUp } from './catch-up.ts';
import { unlessErased } from './erasures/unless-erased.ts';
import { greatestTime, knownBefore, toLogEvent } from './fold-events.ts';
import { foldInto } from './fold-into.ts';
import { metrics } from './metrics.ts';
import type { QuietStreams } from './quiet-streams.ts';
import type { Committed, OnlineWriter } from './online-writer.ts';
import { advanceIdle, ensurePositions, livePosition, markBehind, moveViews, type Idle, type Moved } from './view-positions.ts';

export interface UpdateFeaturesSetup {
  /** The service's name, which is its consumer group. */
  readonly name: string;
  readonly sql: Sql;
  readonly events: EventBus;
  readonly views: ActiveViews;
  readonly quiet: QuietStreams;
  readonly writer: OnlineWriter;
  readonly catchUp: CatchUp;
  readonly erased: ErasedSubjects;
}

/** What one transaction has done; it counts when it has committed. */
interface Folded {
  readonly committed: Committed;
  readonly ensured: readonly string[];
}

const taskOf = ({ topic, partition }: TopicPartition): string => `${topic} ${partition}`;

/** Folds accepted events into the series of the views, exactly once, and brings the online store up to date after each commit. */
export class UpdateFeatures {
  readonly #setup: UpdateFeaturesSetup;
  readonly #ensured = new Set<string>();
  readonly #folded = new Map<string, Folded>();

  constructor(setup: UpdateFeaturesSetup) {
    this.#setup = setup;
  }

  /** State and positions in the batch's transaction. A view that is still catching up with the log is left to `CatchUp`. */
  async fold(batch: EventBatch, tx: Tx): Promise<void> {
    const declared = this.#setup.views.plansOf(batch.topic);
    if (declared.length === 0) return;
    const isErased = await this.#setup.erased.read(tx); // before anything is touched
    const plans = declared.map((plan) => unlessErased(plan, isErased));
    const started = performance.now();
    const ensured = await this.#ensurePositions(tx, plans, batch);
    const views = plans.map(({ stateKey }) => stateKey);
    const all = await moveViews(tx, { ...batch, group: this.#setup.name, views, progress: this.#progressOf(batch) });
    if (all.some(({ live }) => batch.start < live)) return this.#foldRedriven(tx, batch, plans, all);
    const moved = all.filter((view) => view.moved);
    const rows = await foldInto(tx, plansAmong(plans, moved), { ...batch, events: batch.events.map(toLogEvent) });
    this.#folded.set(taskOf(batch), { committed: committed(batch, moved, rows), ensured });
    if (moved.length < plans.length) this.#setup.catchUp.start();
    if (moved.length > 0) metrics['events.folded'](batch.events.length, { topic: batch.topic });
    metrics['fold.ms'](performance.now() - started, { topic: batch.topic });
  }

  /** Parked events that are handled again: for the views that have passed them. The others find them on the log. */
  async #foldRedriven(tx: Tx, batch: EventBatch, plans: readonly ViewPlan[], all: readonly Moved[]): Promise<void> {
    for (const { view, stood } of all) {
      const passed = batch.events.filter(({ position }) => position.offset < stood).map(toLogEvent);
      await foldInto(tx, plans.filter(({ stateKey }) => stateKey === view).map(inTime), { ...batch, events: passed });
    }
    await markBehind(
      tx,
      all.map(({ view }) => view),
      batch,
    );
    this.#setup.catchUp.start(); // waits for this transaction, and then brings the online store up to date
  }

  /** After the commit: who waits for progress is told when the online store was tried. */
  async settle(batch: EventBatch): Promise<void> {
    const folded = this.#folded.get(taskOf(batch));
    this.#folded.delete(taskOf(batch));
    for (const key of folded?.ensured ?? []) this.#ensured.add(key);
    if (folded !== undefined && folded.committed.settlements.length > 0) await this.#setup.writer.settle(folded.committed);
  }

  /**
   * A live source in which nothing happens: what ingestion says of it counts for a view that has read everything that was known before
   * (docs/adr/0012). An importer's progress is what the source says, and nothing else.
   */
  async advanceIdle(task: TopicPartition): Promise<void> {
    const { sql, name, views } = this.#setup;
    const plans = views.plansOf(task.topic);
    const quiet = this.#setup.quiet.of(task.topic);
    if (plans.length === 0 || quiet === undefined || views.isImported(task.topic)) return;
    const position = await livePosition(sql, name, task);
    if (position === undefined) return;
    await this.#ensurePositions(sql, plans, task);
    const moved = await advanceIdle(
      sql,
      plans.map(({ stateKey }) => stateKey),
      task,
      { position, quiet },
    );
    if (moved.length < plans.length) this.#setup.catchUp.start();
    await this.#setup.writer.settle(committed({ ...task, start: position, end: position }, moved, []));
  }

  #progressOf({ topic, events, progress }: EventBatch): number | null {
    const said = progress === undefined ? null : Date.parse(progress);
    return this.#setup.views.isImported(topic) ? said : greatestTime([said ?? NaN, knownBefore(events.map(toLogEvent)) ?? NaN]);
  }

  /** Answers what is there when the transaction has committed. */
  async #ensurePositions(db: Queryable, plans: readonly ViewPlan[], task: TopicPartition): Promise<string[]> {
    const missing = plans.map(({ stateKey }) => stateKey).filter((view) => !this.#ensured.has(`${view} ${taskOf(task)}`));
    if (missing.length === 0) return [];
    const bounds = await this.#setup.events.bounds(task.topic);
    await ensurePositions(db, missing, bounds);
    return missing.flatMap((view) => bounds.map((bound) => `${view} ${taskOf(bound)}`));
  }
}

/** What waited in the parking is not late for its waiting. */
function inTime(plan: ViewPlan): ViewPlan {
  return { ...plan, lateness: undefined };
}

function plansAmong(plans: readonly ViewPlan[], moved: readonly Moved[]): ViewPlan[] {
  const names = new Set(moved.map(({ view }) => view));
  return plans.filter(({ stateKey }) => names.has(stateKey));
}

function committed(batch: TopicPartition & { start: number; end: number }, moved: readonly Idle[], rows: Committed['rows']): Committed {
  const { topic, partition, start, end } = batch;
  return {
    rows,
    settlements: moved.map(({ view, progress }) => ({ view, topic, partition, offset: end, progress })),
    behind: moved.filter(({ onlineOffset }) => onlineOffset < start).map(({ view }) => view),
  };
}
