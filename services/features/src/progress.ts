import { setTimeout as delay } from 'node:timers/promises';
import type { ProgressAnswer } from '@roofshot/contracts/http/features';
import type { EventBus } from '@roofshot/messaging/events';
import type { WaitOptions } from '@roofshot/runtime/signal';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { ActiveViews } from './active-views.ts';
import type { ProgressBoard, TaskProgress } from './progress-board.ts';
import { ensurePositions, PROGRESS_CHANNEL, readPositions, SENDER } from './view-positions.ts';

export interface ProgressSetup {
  readonly sql: Sql;
  readonly events: Pick<EventBus, 'bounds'>;
  readonly log: Logger;
  readonly views: ActiveViews;
  readonly board: ProgressBoard;
  /** The database was away: what follows. */
  readonly reconnected: () => Promise<void>;
}

/** A log or a database that is away is asked again so often. */
const AGAIN_MS = 500;

/** How far features are: for whoever must not read before they have got somewhere. */
export class Progress {
  readonly #setup: ProgressSetup;
  readonly #stopping = new AbortController();
  #unlisten: () => Promise<void> = () => Promise.resolve();
  /** What was heard and has not been looked at. */
  #heard = { something: false, reconnected: false };
  #looking: Promise<void> | undefined;

  constructor(setup: ProgressSetup) {
    this.#setup = setup;
  }

  /** Hears of the progress of other processes, and of a database that has come back. */
  async start(): Promise<void> {
    this.#unlisten = await this.#setup.sql.listen(PROGRESS_CHANNEL, (sender) => {
      if (sender === SENDER) return;
      this.#heard = { something: true, reconnected: this.#heard.reconnected || sender === undefined };
      this.#looking ??= this.#lookUntilSeen();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#unlisten();
    await this.#looking;
  }

  /** Never throws: what is away is asked again, because nobody need say it a second time. */
  async #lookUntilSeen(): Promise<void> {
    while (this.#heard.something && !this.#stopping.signal.aborted) {
      const { reconnected } = this.#heard;
      this.#heard = { something: false, reconnected: false };
      try {
        await this.look();
        if (reconnected) await this.#setup.reconnected();
      } catch (error) {
        this.#heard = { something: true, reconnected: this.#heard.reconnected || reconnected };
        this.#setup.log[failureLevel(error)]('The progress of other processes could not be looked at; it is tried again.', { error });
        await delay(AGAIN_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // the stop ends it early
      }
    }
    this.#looking = undefined;
  }

  /** Looks at the positions of all views in force, also of those that have folded nothing yet. */
  async look(): Promise<void> {
    const { sql, events, views, board } = this.#setup;
    for (const topic of views.topics()) {
      await ensurePositions(
        sql,
        views.plansOf(topic).map(({ stateKey }) => stateKey),
        await events.bounds(topic),
      );
    }
    const keys = views.plans().map(({ stateKey }) => stateKey);
    board.show(await board.look(() => readPositions(sql, keys)));
  }

  /**
   * Held until everything before `at` (epoch milliseconds; null: at once) is applied and was offered to the online store, answered
   * on a signal.
   */
  async answer(at: number | null, wait: WaitOptions): Promise<ProgressAnswer> {
    const { board } = this.#setup;
    const isReached = (): boolean => at === null || (board.progress() ?? -Infinity) >= at;
    await board.changed.waitUntil(isReached, wait);
    const [progress, reached] = [timeOf(board.progress()), isReached()];
    const tasks = await this.#withEnds(board.tasks());
    return {
      progress,
      reached,
      lag: tasks.reduce((lag, { position, end }) => lag + Math.max(0, end - position), 0),
      tasks: tasks.map((task) => ({ ...task, progress: timeOf(task.progress) })),
    };
  }

  async #withEnds(tasks: readonly TaskProgress[]): Promise<(TaskProgress & { end: number })[]> {
    const topics = [...new Set(tasks.map(({ topic }) => topic))];
    const bounds = (await Promise.all(topics.map((topic) => this.#setup.events.bounds(topic)))).flat();
    return tasks.map((task) => {
      const bound = bounds.find(({ topic, partition }) => topic === task.topic && partition === task.partition);
      return { ...task, end: bound?.end ?? task.position };
    });
  }
}

function timeOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
