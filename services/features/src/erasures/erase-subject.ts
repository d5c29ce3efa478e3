/**
 * Erases a subject from feature values: its series and what was not delivered at once, in the order's transaction; its online rows right
 * after, and once more when no writer can be under way with an older one. Then it is said.
 */
import type { CommandOf } from '@roofshot/contracts/define';
import { erasures, type EraseFeaturesSubject } from '@roofshot/contracts/erasures';
import { topicOf } from '@roofshot/contracts/events';
import { seriesRow } from '@roofshot/feature-defs/online-rows';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { EventBus } from '@roofshot/messaging/events';
import { done, type NewEventOf, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { eraseUndelivered, type ErasedSubjects } from '@roofshot/storage/erased-subjects';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { OnlineStore } from '@roofshot/storage/online-store';
import { runWith } from '@roofshot/telemetry/context';
import type { Logger } from '@roofshot/telemetry/logger';
import type { ActiveViews } from '../active-views.ts';
import { mergeShards, readSeries } from '../series-store.ts';
import { eraseParked } from '../parked-events.ts';
import { eraseSeries, refoldSince, type ErasedEntity } from './erase-series.ts';
import { addErasing, holdErasing, passAgain, removeErasing, snapshotsUntil, type Erasing } from './erasing-store.ts';

export interface EraseSubjectSetup {
  readonly name: string;
  readonly events: EventBus;
  readonly online: OnlineStore;
  readonly transactions: Transactions;
  readonly views: ActiveViews;
  readonly erased: ErasedSubjects;
  readonly log: Logger;
}

const LOOK_MS = 1_000;
/** Longer than a writer waits between two attempts at the online store (online-writer.ts). */
const SETTLED_MS = 6_000;
const PASSES = 2;
const MOST_SNAPSHOTS = 100;

export class EraseSubject {
  readonly #setup: EraseSubjectSetup;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(setup: EraseSubjectSetup) {
    this.#setup = setup;
  }

  /** Takes an order. First of all it keeps away whoever folds. */
  async accept({ data: { erasureId, subject, types, erasedAt } }: CommandOf<typeof EraseFeaturesSubject>, tx: Tx): Promise<Outcome> {
    const { name, erased, events } = this.#setup;
    const until = Date.parse(erasedAt);
    await erased.record(tx, { subject, types, until });
    const topics = types === undefined ? undefined : new Set(types.map(topicOf));
    const plans = this.#plansOf(types);
    const entities = await eraseSeries(tx, subject, types === undefined ? null : plans.map(({ stateKey }) => stateKey));
    const undelivered = await eraseUndelivered(tx, name, subject, (topic) => topics?.has(topic) ?? true);
    const parked = await eraseParked(tx, subject, topics === undefined ? null : [...topics]);
    await refoldSince(tx, plans, { group: name, events, subject, until });
    await addErasing(tx, erasureId, entities, { series: entities.length, 'dead letters': undelivered, 'parked events': parked });
    return done();
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
    this.#look();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #plansOf(types: readonly string[] | undefined): ViewPlan[] {
    return this.#setup.views.plans().filter(({ eventType }) => types?.includes(eventType) ?? true);
  }

  #look(): void {
    this.#running ??= runWith({ service: this.#setup.name }, () => this.#run()).finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopped && (await this.#clearNext())) continue;
    } catch (error) {
      this.#setup.log[failureLevel(error)]('The online rows of an erased subject could not be removed; it is tried again in a second.', {
        error,
      });
    }
  }

  /** False when none is due. */
  async #clearNext(): Promise<boolean> {
    return this.#setup.transactions.run(async (tx) => {
      const erasing = await holdErasing(tx);
      if (erasing === undefined) return false;
      await this.#clearOnline(tx, erasing.entities);
      if (erasing.passes + 1 < PASSES) {
        await passAgain(tx, erasing.id, SETTLED_MS);
        return true;
      }
      await removeErasing(tx, erasing.id);
      tx.publish(erasures, [await accountOf(tx, erasing)]);
      return true;
    });
  }

  /** What was folded since the erasure is put again: the store may have held an older row, which would not have made room for it. */
  async #clearOnline(tx: Tx, entities: readonly ErasedEntity[]): Promise<void> {
    const { online } = this.#setup;
    await online.forget(entities);
    for (const [view, rows] of Map.groupBy(entities, (row) => row.view)) {
      const series = await readSeries(
        tx,
        view,
        rows.map(({ entity }) => entity),
      );
      await online.put(mergeShards(series).map((row) => seriesRow(row.view, row.entity, row.series, row.version)));
    }
  }
}

async function accountOf(tx: Tx, { id, entities, erased, snapshotsUntil: until }: Erasing): Promise<NewEventOf<typeof erasures>> {
  const { ids, count } = await snapshotsUntil(tx, until, MOST_SNAPSHOTS);
  const reason =
    `Snapshots, and the copies that trainers fetched, are immutable. ${count} were asked for before the erasure and may hold rows that were made of events of the subject: ` +
    `${ids.join(', ')}${count > ids.length ? ', …' : ''}. Delete their objects where they must go; snapshots from now on do not have them.`;
  const kept = count === 0 ? [] : [{ store: 'training snapshots', reason }];
  const account = { erasureId: id, service: 'features', erased: { ...erased, 'online rows': entities.length }, kept };
  return { id: `${id}/features`, type: 'subject.erased', subject: id, data: account };
}
