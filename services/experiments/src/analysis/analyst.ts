/** Looks at everything that is open when facts have come in: decides phases that are due, and watches probations. */
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { topicOf } from '@roofshot/contracts/events';
import { experiments } from '@roofshot/contracts/experiments';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import { continueFrom, runWith } from '@roofshot/telemetry/context';
import { metrics } from '../metrics.ts';
import type { Phase } from '../phases/phase.ts';
import { claimPublication, runningPhases } from '../phases/phase-store.ts';
import { settleDecision } from '../phases/settle-decision.ts';
import type { ExperimentsPlatform } from '../platform.ts';
import { completeFor, judgeProbation } from '../probation/look-at-guardrails.ts';
import type { Probation } from '../probation/probation.ts';
import { openProbations, saveLooked } from '../probation/probation-store.ts';
import { settleBreach } from '../probation/settle-breach.ts';
import { Positions, type End } from '../progress/positions.ts';
import { readProgress, type Progress } from '../progress/read-progress.ts';
import { tileStart, type SeriesTable } from '../sums/series.ts';
import { readSeries } from '../sums/sums-store.ts';
import { Coalesced } from './coalesced.ts';
import { forgetFutureTimes, withoutFutureLooks } from './future-times.ts';
import { analyseAt, completeTile, decidePhase, isMature } from './watch-phase.ts';

/** A phase's analysis is said at most so often, in event time. */
const PUBLISH_EVERY_MS = 3_600_000;
const RETRY_MS = 1_000;

@Injectable()
export class Analyst implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #platform: ExperimentsPlatform;
  readonly #resources: Resources;
  readonly #positions: Positions;
  readonly #passes = new Coalesced(() => runWith({ service: this.#platform.name }, () => this.#pass()));
  /** Per phase, the complete tile that has been looked at. */
  readonly #seen = new Map<number, number>();
  /** Per phase, what lay on the log when it became due. */
  readonly #due = new Map<number, readonly End[]>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    @Inject(PLATFORM) platform: ExperimentsPlatform,
    @Inject(Resources) resources: Resources,
    @Inject(Positions) positions: Positions,
  ) {
    this.#platform = platform;
    this.#resources = resources;
    this.#positions = positions;
  }

  /** What an earlier process committed and did not live to look at. */
  onApplicationBootstrap(): void {
    this.poke();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#passes.idle();
  }

  /** Something was committed: it is looked at soon. */
  poke(afterMs = this.#platform.config.analyseEvery): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => void this.#lookLater(), afterMs);
    this.#timer.unref();
  }

  /** Looks now; resolves when everything that is committed at the call has been looked at and what follows from it is done. */
  settle(): Promise<void> {
    return this.#passes.run();
  }

  async #lookLater(): Promise<void> {
    this.#timer = undefined;
    try {
      await this.#passes.run();
    } catch (error) {
      this.#platform.log[failureLevel(error)]('What is open could not be analysed; it is tried again.', { error });
      this.poke(RETRY_MS);
    }
  }

  async #pass(): Promise<void> {
    const started = performance.now();
    const { sql } = this.#platform;
    const [phases, probations] = [await runningPhases(sql), await openProbations(sql)];
    if (phases.length + probations.length === 0) return;
    const now = this.#platform.clock();
    await this.#forgetFuture(now);
    // Progress before sums: what lies before it is in the sums, whatever is committed in between.
    const progressOf = await readProgress(sql, this.#positions);
    for (const phase of phases) {
      const outcomeTypes = [phase.frozen.metric.source.outcome.eventType];
      const progress = progressOf({ deployment: phase.deployment, outcomeTypes });
      await inContextOf(phase, () => this.#watchPhase(phase, progress));
    }
    for (const kept of probations) {
      const probation = withoutFutureLooks(kept, now);
      await inContextOf(probation, () => this.#watchProbation(probation, progressOf));
    }
    metrics['analysis.ms'](performance.now() - started);
  }

  async #forgetFuture(now: number): Promise<void> {
    const times = await forgetFutureTimes(this.#platform.sql, now);
    if (times === 0) return;
    this.#platform.log.warn('Times that have not come were kept as reached, and are forgotten. Correct the clock that said them.', {
      'labels.times': times,
    });
  }

  async #watchPhase(phase: Phase, progress: Progress): Promise<void> {
    const tile = completeTile(phase, progress);
    const isNew = tile > (this.#seen.get(phase.scope) ?? 0);
    const isDue = isMature(phase, progress);
    if (!isNew && !isDue) return;
    if (isDue && !(await this.#isFolded(phase))) return;
    const series = await readSeries(this.#platform.sql, phase.scope);
    const decision = decidePhase(phase, series, progress);
    if (decision !== undefined) {
      const isOurs = await this.#platform.transactions.run((tx) => settleDecision(tx, this.#resources, phase, decision));
      if (isOurs) metrics['phases.decided'](1, { decision: decision.decision });
    } else {
      await this.#publish(phase, series, tile);
    }
    this.#seen.set(phase.scope, tile);
  }

  /**
   * What lay on the log when the phase became due is folded: exposures, answers and outcomes come by topics of their own, and none of them
   * may be missing because its topic is read more slowly.
   */
  async #isFolded({ scope, frozen }: Phase): Promise<boolean> {
    const topics = [exposures.name, predictions.name, topicOf(frozen.metric.source.outcome.eventType)];
    const due = this.#due.get(scope) ?? (await this.#positions.endsOf(topics));
    this.#due.set(scope, due);
    return (await this.#positions.lag(this.#platform.sql, due)) === 0;
  }

  async #publish(phase: Phase, series: SeriesTable, tile: number): Promise<void> {
    const until = Math.floor(tileStart(phase.frozen.tiling, tile) / PUBLISH_EVERY_MS) * PUBLISH_EVERY_MS;
    if (tile <= 0 || until <= (phase.publishedUntil ?? phase.startedAt)) return;
    const analysis = analyseAt(phase, series, tile);
    await this.#platform.transactions.run(async (tx) => {
      if (!(await claimPublication(tx, phase, until))) return;
      const { experiment: subject } = phase;
      tx.publish(experiments, [{ type: 'experiment.analysed', subject, time: analysis.asOf, data: { analyses: [analysis] } }]);
    });
  }

  async #watchProbation(probation: Probation, progressOf: Awaited<ReturnType<typeof readProgress>>): Promise<void> {
    const { sql, transactions } = this.#platform;
    const complete = completeFor(probation, progressOf);
    const { looked } = probation;
    if (complete.served <= looked.served && complete.paired <= looked.paired) return;
    const series = await readSeries(sql, probation.scope, Math.min(looked.served, looked.paired) - 1);
    const judged = judgeProbation(probation, series, complete);
    const { breach } = judged;
    if (breach === undefined) return saveLooked(sql, probation.scope, judged.looked);
    const isOurs = await transactions.run((tx) => settleBreach(tx, probation, breach, judged.looked));
    if (isOurs) metrics['guardrails.breached'](1, { guardrail: breach.guardrail });
  }
}

/** What follows carries on the correlation of what it follows from. */
function inContextOf<T>({ frozen: { correlationId } }: Phase | Probation, work: () => Promise<T>): Promise<T> {
  return runWith(continueFrom({ correlationId: correlationId ?? undefined }), work);
}
