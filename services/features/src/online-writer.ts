import { randomUUID } from 'node:crypto';
import { progressRow } from '@roofshot/feature-defs/online-rows';
import { failureLevel } from '@roofshot/storage/failure-level';
import { OtherStore, type OnlineIdentity, type OnlineStore } from '@roofshot/storage/online-store';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { ActiveViews } from './active-views.ts';
import { metrics } from './metrics.ts';
import { tellLost, tellWaiting, type Refusals } from './online-troubles.ts';
import { addRows, joinWork, noWork, settlementId, shedRows, type Work } from './online-work.ts';
import { onlineProgress, type ProgressBoard } from './progress-board.ts';
import { heldTimes, putRows, rewriteView } from './rewrite-view.ts';
import { mergeShards, readSeries, type StoredSeries } from './series-store.ts';
import { announcePositions, readPositions, settlePositions, type Settlement, type ViewPosition } from './view-positions.ts';

/** What a committed transaction has changed. */
export interface Committed {
  readonly rows: readonly StoredSeries[];
  readonly settlements: readonly Settlement[];
  /** The views whose rows up to the transaction's beginning were not yet in the store. */
  readonly behind: readonly string[];
}

export interface OnlineWriterSetup {
  readonly sql: Sql;
  readonly online: OnlineStore;
  readonly views: ActiveViews;
  readonly board: ProgressBoard;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** An idle writer asks so often whether the store is the same still. */
const LOOK_MS = 1_000;
/**
 * Keeps the online store up to date with the committed state. What the store refuses waits and is tried again; meanwhile folding
 * goes on and the progress in the store stands still, so that ages grow truthfully. Whatever is lost with the process is found
 * again in the state, because each position says up to where the store has everything. Nothing is claimed in a store that is not the one
 * that the positions speak of: whichever is met anew is first given what it misses.
 */
export class OnlineWriter {
  readonly #setup: OnlineWriterSetup;
  #waiting: Work = noWork();
  #inFlight: Work = noWork();
  readonly #claimed = new Map<string, number>();
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** The store as it was last met; undefined before, and when it turned out to be another. */
  #store: OnlineIdentity | undefined;
  /** Views that the store as it was met may not have. */
  readonly #doubted = new Set<string>();
  /** Of those the ones that it has lost. */
  readonly #lost = new Set<string>();
  #look: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #failures = 0;
  #refusals: Refusals | undefined;
  #stopped = false;

  constructor(setup: OnlineWriterSetup) {
    this.#setup = setup;
  }

  /** What `/readyz` says of the store, with the remedy. */
  get troubles(): string[] {
    const lost = tellLost(this.#lost);
    if (this.#refusals === undefined) return lost;
    const isTold = this.#setup.online.waitingFor().length > 0;
    return [...lost, tellWaiting([this.#inFlight, this.#waiting], this.#refusals, isTold)];
  }

  /** Rows that wait. */
  get waiting(): number {
    return this.#waiting.rows.size;
  }

  /**
   * Offers what was committed to the store. Resolves when it was tried, whether or not the store has taken it; never throws.
   * While the store refuses, offers only wait for the next attempt.
   */
  async settle(committed: Committed): Promise<void> {
    const { settlements, abandoned } = this.#waiting;
    for (const settlement of committed.settlements) {
      if (committed.behind.includes(settlement.view) && !this.#isMine(settlement)) abandoned.add(settlement.view);
      settlements.set(settlementId(settlement), settlement);
    }
    addRows(this.#waiting, committed.rows);
    shedRows(this.#waiting);
    if (this.#failures === 0) await this.#attemptSoon();
    else await this.#offer(committed.settlements);
  }

  /** Whether the position is behind because of what waits here, and not because of another process or a crash. */
  #isMine(settlement: Settlement): boolean {
    const id = settlementId(settlement);
    return this.#waiting.settlements.has(id) || this.#inFlight.settlements.has(id);
  }

  /** Brings the store up to date, and from then on notices also without work when it is another. */
  async start(): Promise<void> {
    await this.repair();
    this.#lookLater();
  }

  /** Finds what an earlier process has left behind, and what the store may have lost in a crash of its own. */
  async repair(): Promise<void> {
    this.#store = undefined;
    const positions = await readPositions(this.#setup.sql, this.#stateKeys());
    await this.settle({
      rows: [],
      settlements: positions.map(({ view, topic, partition, nextOffset, progress }) => ({
        view,
        topic,
        partition,
        offset: nextOffset,
        progress,
      })),
      behind: positions.map(({ view }) => view),
    });
  }

  /** No further attempt; what waits is found again by the next process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#look);
    await this.#looking;
    await this.#queued;
    await this.#running;
  }

  /** One attempt at a time; whoever comes while one runs waits for the next, which takes everything that has come. */
  #attemptSoon(): Promise<void> {
    this.#queued ??= this.#running.then(() => {
      this.#queued = undefined;
      this.#running = this.#attempt();
      return this.#running;
    });
    return this.#queued;
  }

  async #attempt(): Promise<void> {
    if (this.#stopped) return;
    const work = (this.#inFlight = this.#waiting);
    this.#waiting = noWork();
    const started = performance.now();
    try {
      await this.#putAll(work);
      this.#failures = 0;
      this.#refusals = undefined;
      metrics['online.ms'](performance.now() - started);
    } catch (error) {
      // What came in the meantime is newer and wins.
      this.#waiting = joinWork(work, this.#waiting);
      if (error instanceof OtherStore) this.#store = undefined;
      this.#failures += 1;
      this.#refusals = { since: this.#refusals?.since ?? this.#setup.clock(), reason: reasonOf(error) };
      this.#tellRefusal(work, error);
      await this.#offer([...work.settlements.values()]);
      this.#retryLater();
    } finally {
      this.#inFlight = noWork();
      metrics['online.dirty'](this.waiting);
    }
  }

  #tellRefusal({ rows }: Work, error: unknown): void {
    metrics['online.refusals']();
    this.#setup.log[failureLevel(error)](
      'The online store did not take the newest feature values; it is tried again, and meanwhile their age grows.',
      {
        'labels.rows': rows.size,
        'labels.failures': this.#failures,
        error,
      },
    );
  }

  #retryLater(): void {
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10));
    this.#retry = setTimeout(() => void this.#attemptSoon(), pause).unref();
  }

  /** Rows first, then what may be claimed of them: a crash in between makes values look older than they are, never fresher. */
  async #putAll({ rows, settlements, abandoned }: Work): Promise<void> {
    const { sql } = this.#setup;
    const store = (this.#store ??= await this.#meetStore());
    for (const view of new Set([...abandoned, ...this.#doubted])) {
      await rewriteView(this.#setup, { view, store, doubted: this.#doubted.has(view) });
      this.#doubted.delete(view);
      this.#lost.delete(view);
    }
    await this.#putSeries([...rows.values()], store);
    if (settlements.size > 0) await settlePositions(sql, [...settlements.values()], { mark: store.mark, whole: false });
    await this.#showProgress(store);
  }

  /** Whatever the store was told before, it may not have: all views are doubted. */
  async #meetStore(): Promise<OnlineIdentity> {
    const { sql, online, log } = this.#setup;
    const store = await online.identify(randomUUID());
    const positions = await readPositions(sql, this.#stateKeys());
    this.#claimed.clear();
    this.#lost.clear();
    for (const { view, onlineMark } of positions) {
      this.#doubted.add(view);
      if (onlineMark !== null && onlineMark !== store.mark) this.#lost.add(view);
    }
    if (this.#lost.size > 0)
      log.warn('The online store has lost its rows; all values are written again from the state, and until then their age is unknown.', {
        'labels.views': [...this.#lost].join(' '),
      });
    return store;
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#look = setTimeout(() => {
      this.#looking = this.#lookAtStore().finally(() => this.#lookLater());
    }, LOOK_MS).unref();
  }

  /** Without work nobody would notice that the store is another. While attempts fail, the next one meets it. */
  async #lookAtStore(): Promise<void> {
    const met = this.#store;
    if (met === undefined || this.#failures > 0) return;
    try {
      const { mark, run } = await this.#setup.online.identify(randomUUID());
      if ((mark === met.mark && run === met.run) || this.#store !== met) return;
      this.#store = undefined;
      await this.#attemptSoon();
    } catch (error) {
      this.#setup.log.debug('The online store could not be looked at; it is tried again in a second.', { error });
    }
  }

  async #putSeries(rows: readonly StoredSeries[], store: OnlineIdentity): Promise<void> {
    const sharded = this.#shardedViews();
    const whole = rows.filter(({ view }) => !sharded.has(view));
    for (const view of new Set(rows.map((row) => row.view).filter((name) => sharded.has(name)))) {
      const entities = rows.filter((row) => row.view === view).map(({ entity }) => entity);
      whole.push(...mergeShards(await readSeries(this.#setup.sql, view, [...new Set(entities)])));
    }
    await putRows(this.#setup.online, whole, store);
  }

  /** The store has not taken it, but it was asked: whoever waits for progress goes on, and reads truthful ages. */
  async #offer(settlements: readonly Settlement[]): Promise<void> {
    try {
      await settlePositions(this.#setup.sql, settlements);
      await this.#showProgress();
    } catch (error) {
      this.#setup.log[failureLevel(error)]('Progress could not be written down; it is with the next attempt.', { error });
    }
  }

  async #showProgress(store?: OnlineIdentity): Promise<void> {
    const { sql, board } = this.#setup;
    const look = await board.look(() => announcePositions(sql, this.#stateKeys()));
    if (store !== undefined) await this.#claim(look.positions, store);
    board.show(look);
  }

  /** Refused by the store itself when it is no longer the one that was given the rows. */
  async #claim(positions: readonly ViewPosition[], store: OnlineIdentity): Promise<void> {
    // Another process has met another store, or has not yet seen that this one is.
    if (positions.some(({ onlineAt, onlineMark }) => onlineAt !== null && onlineMark !== store.mark)) throw new OtherStore();
    const claims = [...onlineProgress(positions)].filter(([view, progress]) => this.#claimed.get(view) !== progress);
    const held = heldTimes(positions);
    const rows = claims.map(([view, progress]) => progressRow(view, progress, held.get(view)));
    if (rows.length > 0) await this.#setup.online.put(rows, store);
    for (const [view, progress] of claims) this.#claimed.set(view, progress);
  }

  #stateKeys(): string[] {
    return this.#setup.views.plans().map(({ stateKey }) => stateKey);
  }

  #shardedViews(): Set<string> {
    return new Set(
      this.#setup.views
        .plans()
        .filter(({ entityKeys }) => entityKeys.length === 0)
        .map(({ stateKey }) => stateKey),
    );
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
