import { progressRow, seriesRow } from '@roofshot/feature-defs/online-rows';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { OnlineStore } from '@roofshot/storage/online-store';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { ActiveViews } from './active-views.ts';
import { metrics } from './metrics.ts';
import { onlineProgress, type ProgressBoard } from './progress-board.ts';
import { idOf, mergeShards, pageSeries, readSeries, type StoredSeries } from './series-store.ts';
import { announcePositions, readPositions, settlePositions, type Settlement, type ViewPosition } from './view-positions.ts';

/** What a committed transaction has changed. */
export interface Committed {
  readonly rows: readonly StoredSeries[];
  readonly settlements: readonly Settlement[];
  /** The views whose rows up to the transaction's beginning were not yet in the store. */
  readonly behind: readonly string[];
}

interface Work {
  readonly rows: Map<string, StoredSeries>;
  readonly settlements: Map<string, Settlement>;
  /** Views of which somebody else has left rows behind: they are looked for in the state. */
  readonly abandoned: Set<string>;
}

export interface OnlineWriterSetup {
  readonly sql: Sql;
  readonly online: OnlineStore;
  readonly views: ActiveViews;
  readonly board: ProgressBoard;
  readonly log: Logger;
}

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** Rows read and put at a time when the store is brought up to date from the state. */
const PAGE = 500;
/** A row's time is that of its transaction's beginning; no transaction of this service lasts as long. */
const MARGIN_MS = 60_000;
/** So many waiting rows are kept in memory; beyond, they are found again in the state. */
const MOST_WAITING = 50_000;

const settlementId = ({ view, topic, partition }: Settlement): string => `${view} ${topic} ${partition}`;

/**
 * Keeps the online store up to date with the committed state. What the store refuses waits and is tried again; meanwhile folding
 * goes on and the progress in the store stands still, so that ages grow truthfully. Whatever is lost with the process is found
 * again in the state, because each position says up to where the store has everything.
 */
export class OnlineWriter {
  readonly #setup: OnlineWriterSetup;
  #waiting: Work = noWork();
  #inFlight: Work = noWork();
  readonly #claimed = new Map<string, number>();
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;

  constructor(setup: OnlineWriterSetup) {
    this.#setup = setup;
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
    const { rows, settlements, abandoned } = this.#waiting;
    for (const settlement of committed.settlements) {
      if (committed.behind.includes(settlement.view) && !this.#isMine(settlement)) abandoned.add(settlement.view);
      settlements.set(settlementId(settlement), settlement);
    }
    for (const row of committed.rows) rows.set(idOf(row), row);
    shedRows(this.#waiting);
    if (this.#failures === 0) await this.#attemptSoon();
    else await this.#offer(committed.settlements);
  }

  /** Whether the position is behind because of what waits here, and not because of another process or a crash. */
  #isMine(settlement: Settlement): boolean {
    const id = settlementId(settlement);
    return this.#waiting.settlements.has(id) || this.#inFlight.settlements.has(id);
  }

  /** Finds what an earlier process has left behind, and what the store may have lost in a crash of its own. */
  async repair(): Promise<void> {
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
      metrics['online.ms'](performance.now() - started);
    } catch (error) {
      // What came in the meantime is newer and wins.
      this.#waiting = joinWork(work, this.#waiting);
      this.#failures += 1;
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
    for (const view of abandoned) await this.#putAbandoned(view);
    await this.#putSeries([...rows.values()]);
    if (settlements.size > 0) await settlePositions(sql, [...settlements.values()], true);
    await this.#showProgress(true);
  }

  async #putSeries(rows: readonly StoredSeries[]): Promise<void> {
    const sharded = this.#shardedViews();
    const whole = rows.filter(({ view }) => !sharded.has(view));
    for (const view of new Set(rows.map((row) => row.view).filter((name) => sharded.has(name)))) {
      const entities = rows.filter((row) => row.view === view).map(({ entity }) => entity);
      whole.push(...mergeShards(await readSeries(this.#setup.sql, view, [...new Set(entities)])));
    }
    await this.#put(whole);
  }

  async #putAbandoned(view: string): Promise<void> {
    const { sql } = this.#setup;
    const since = sinceOf(await readPositions(sql, [view]));
    for (let after = ''; ;) {
      const page = await pageSeries(sql, view, { since, after, limit: PAGE });
      if (page.length === 0) return;
      after = page.at(-1)?.entity ?? after;
      await this.#put(mergeShards(page));
    }
  }

  async #put(rows: readonly StoredSeries[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#setup.online.put(rows.map(({ view, entity, series, version }) => seriesRow(view, entity, series, version)));
    metrics['online.rows'](rows.length);
  }

  /** The store has not taken it, but it was asked: whoever waits for progress goes on, and reads truthful ages. */
  async #offer(settlements: readonly Settlement[]): Promise<void> {
    try {
      await settlePositions(this.#setup.sql, settlements, false);
      await this.#showProgress(false);
    } catch (error) {
      this.#setup.log[failureLevel(error)]('Progress could not be written down; it is with the next attempt.', { error });
    }
  }

  async #showProgress(claim: boolean): Promise<void> {
    const { sql, board, online } = this.#setup;
    const positions = await announcePositions(sql, this.#stateKeys());
    if (claim) {
      const claims = [...onlineProgress(positions)].filter(([view, progress]) => this.#claimed.get(view) !== progress);
      if (claims.length > 0) await online.put(claims.map(([view, progress]) => progressRow(view, progress)));
      for (const [view, progress] of claims) this.#claimed.set(view, progress);
    }
    board.show(positions);
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

function noWork(): Work {
  return { rows: new Map(), settlements: new Map(), abandoned: new Set() };
}

function joinWork(older: Work, newer: Work): Work {
  const joined = {
    rows: new Map([...older.rows, ...newer.rows]),
    settlements: new Map([...older.settlements, ...newer.settlements]),
    abandoned: new Set([...older.abandoned, ...newer.abandoned]),
  };
  shedRows(joined);
  return joined;
}

function shedRows({ rows, abandoned }: Work): void {
  if (rows.size <= MOST_WAITING) return;
  for (const { view } of rows.values()) abandoned.add(view);
  rows.clear();
}

/** From when on rows may be missing; null: from the beginning. */
function sinceOf(positions: readonly ViewPosition[]): Date | null {
  const times = positions.map(({ onlineAt }) => onlineAt?.getTime());
  if (times.length === 0 || times.includes(undefined)) return null;
  return new Date(Math.min(...times.map((time) => time ?? 0)) - MARGIN_MS);
}
