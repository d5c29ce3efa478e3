/** `GET /v1/experiments/progress`: held until what was on the log at the call is folded, analysed, and decided where that was due. */
import { randomUUID } from 'node:crypto';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { ExperimentProgress } from '@roofshot/contracts/http/experiments';
import { Signal, type WaitOptions } from '@roofshot/runtime/signal';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { Static } from 'typebox';
import type { Analyst } from '../analysis/analyst.ts';
import { outcomeTypesOf } from '../join/scope.ts';
import type { Scopes } from '../join/scope-store.ts';
import { leastKnown } from './event-times.ts';
import type { End, Positions } from './positions.ts';
import { readProgress } from './read-progress.ts';

const CHANNEL = 'experiments_progress';
/** Other processes are told at most so often, because each notification costs a commit. */
const NOTIFY_EVERY_MS = 20;

export interface ProgressNeeds {
  readonly sql: Sql;
  readonly log: Logger;
  readonly scopes: Scopes;
  readonly positions: Positions;
  readonly analyst: Analyst;
}

export class ProgressAnswers implements OnModuleInit, OnModuleDestroy {
  readonly #needs: ProgressNeeds;
  readonly #changed = new Signal();
  readonly #self = randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #unlisten: () => Promise<void> = () => Promise.resolve();

  constructor(needs: ProgressNeeds) {
    this.#needs = needs;
  }

  async onModuleInit(): Promise<void> {
    this.#unlisten = await this.#needs.sql.listen(CHANNEL, (sender) => {
      if (sender !== this.#self) this.#changed.changed();
    });
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sending;
    await this.#unlisten();
  }

  /** A batch was committed: those who wait look again, also in other processes. */
  moved(): void {
    this.#changed.changed();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#notify();
    }, NOTIFY_EVERY_MS).unref();
  }

  async answer(wait: WaitOptions): Promise<Static<typeof ExperimentProgress>> {
    const { sql, positions, analyst } = this.#needs;
    const ends = await positions.ends();
    const reached = await this.#reached(ends, wait);
    if (reached) await analyst.settle();
    return { reached, lag: await positions.lag(sql, reached ? await positions.ends() : ends), progress: await this.#eventTime() };
  }

  /** Held until what these topics hold at the call is folded; false when the time is over. */
  async folded(topics: readonly string[], wait: WaitOptions): Promise<boolean> {
    return this.#reached(await this.#needs.positions.endsOf(topics), wait);
  }

  async #reached(ends: readonly End[], wait: WaitOptions): Promise<boolean> {
    const { sql, positions } = this.#needs;
    const isFolded = async (): Promise<boolean> => (await positions.lag(sql, ends)) === 0;
    return (await this.#changed.waitUntil(isFolded, wait)) === true;
  }

  /** Up to which outcomes are in, for everything that is open; null where nothing is, or where it is not known yet. */
  async #eventTime(): Promise<string | null> {
    const { sql, scopes, positions } = this.#needs;
    const progressOf = await readProgress(sql, positions);
    const times = (await scopes.open(sql)).map(
      ({ spec }) => progressOf({ deployment: spec.deployment, outcomeTypes: outcomeTypesOf(spec) }).outcomes,
    );
    const least = leastKnown(times);
    return least === null ? null : new Date(least).toISOString();
  }

  /** Only a hint, so its commit need not wait for the disk; whoever misses it asks again. */
  async #notify(): Promise<void> {
    try {
      await this.#needs.sql.query(`SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`, [CHANNEL, this.#self]);
    } catch (error) {
      this.#needs.log.debug('Other processes were not told of the progress and learn of it when they ask again.', { error });
    }
  }
}
