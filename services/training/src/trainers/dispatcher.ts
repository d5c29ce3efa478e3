/**
 * Runs queued trials in this process's trainers, as many as there are cores for. What it runs is leased in the database: when this
 * process dies, others (or its next start) run its unfinished trials again, and finished ones never.
 */
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PLATFORM } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import { isLostConnection, isOutOfRoom } from '@roofshot/storage/sql-errors';
import { runWith } from '@roofshot/telemetry/context';
import { Changes } from '../changes.ts';
import { metrics } from '../metrics.ts';
import type { TrainingPlatform } from '../platform.ts';
import { settleTrial, type AttemptEnd } from '../runs/settle-trial.ts';
import { insertMetrics, type MetricRow } from '../runs/trial-store.ts';
import { keyOf, RunningAttempt } from './attempt.ts';
import { readLog } from './attempt-folder.ts';
import { claimTrial, renewLeases, type Claimed } from './claim-trial.ts';
import { TrainerHost } from './trainer-host.ts';

/** Leases are renewed several times before they end, so that one slow statement costs nothing. */
const RENEWALS_PER_LEASE = 4;
const AGAIN_MS = 1_000;
/** The runtime gives a service ten seconds to stop; a trainer that ignores its cancellation is killed after five. */
const STOP_MS = 8_000;

@Injectable()
export class Dispatcher implements OnModuleInit, OnApplicationShutdown {
  readonly cores: number;
  readonly #platform: TrainingPlatform;
  readonly #changes: Changes;
  readonly #host: TrainerHost;
  readonly #folder: string;
  readonly #attempts = new Map<string, RunningAttempt>();
  readonly #ends = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(@Inject(PLATFORM) platform: TrainingPlatform, changes: Changes) {
    const { config, folder } = platform;
    this.#platform = platform;
    this.#changes = changes;
    this.#folder = join(folder, 'trials');
    this.cores = config.CORES === 0 ? availableParallelism() : config.CORES;
    this.#host = new TrainerHost({ python: config.PYTHON, folder: this.#folder, idleMs: config.IDLE });
  }

  async onModuleInit(): Promise<void> {
    // What is in there belongs to a process that was killed; its trials run again in folders of their own.
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
    this.#running = runWith({ service: this.#platform.name }, () => this.#run());
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const attempt of this.#attempts.values()) attempt.release();
    await Promise.race([Promise.allSettled(this.#ends), delay(STOP_MS, undefined, { ref: false })]);
    this.#host.close();
  }

  /** A run waits for its snapshot: by the time it is built the trainers are loaded. */
  warmUp(): void {
    if (!this.#stop.signal.aborted) this.#host.warmUp();
  }

  /** What a trial that runs in this process has written so far; undefined when it does not. */
  async liveLog(runId: string, number: number): Promise<string | undefined> {
    const attempt = [...this.#attempts.values()].find(({ claimed }) => claimed.runId === runId && claimed.number === number);
    return attempt && (await readLog(attempt.folder)).toString();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const everyMs = this.#platform.config.LEASE / RENEWALS_PER_LEASE;
    while (!signal.aborted) {
      const changed = this.#changes.signal.waitUntil(neverAtOnce(), { timeoutMs: everyMs, signal });
      await this.#look().catch((error: unknown) => {
        this.#platform.log[failureLevel(error)]('Trials could not be leased; it is tried again.', { error });
      });
      await changed;
    }
  }

  /** Ends what is no longer ours, then takes what there is room for. */
  async #look(): Promise<void> {
    const { sql, config } = this.#platform;
    const held = [...this.#attempts.values()];
    const renewed = await renewLeases(
      sql,
      held.map(({ claimed }) => claimed),
      config.LEASE,
    );
    const ours = new Set(renewed.map(keyOf));
    for (const attempt of held) if (!ours.has(attempt.key)) attempt.release();
    while (!this.#stop.signal.aborted) {
      const claimed = await claimTrial(sql, { cores: this.cores, free: this.cores - this.#busy(), leaseMs: config.LEASE });
      if (claimed === undefined) return;
      this.#begin(claimed);
    }
  }

  #busy(): number {
    return [...this.#attempts.values()].reduce((sum, { claimed }) => sum + claimed.threads, 0);
  }

  #begin(claimed: Claimed): void {
    const { correlationid: correlationId, traceparent, runId, number } = claimed;
    const fields = { 'labels.run_id': runId, 'labels.trial': number };
    const end = runWith({ correlationId, traceparent, fields }, () => this.#attempt(claimed)).catch((error: unknown) => {
      this.#platform.log[failureLevel(error)]('A trial could not be settled; it runs again when its lease has ended.', { error });
    });
    this.#ends.add(end);
    void end.finally(() => this.#ends.delete(end));
  }

  async #attempt(claimed: Claimed): Promise<void> {
    const attempt = this.#makeAttempt(claimed);
    this.#attempts.set(attempt.key, attempt);
    metrics['cores.busy'](this.#busy());
    try {
      const end = await this.#outcome(attempt);
      const isOurs = await this.#settle(claimed, end);
      const outcome = isOurs ? end.kind : 'fenced';
      metrics['trials.ended'](1, { outcome });
      metrics['trial.ms'](end.seconds * 1000);
      this.#platform.log.info('An attempt at a trial has ended.', { 'event.outcome': outcome, 'event.reason': end.reason });
    } finally {
      this.#attempts.delete(attempt.key);
      metrics['cores.busy'](this.#busy());
      this.#changes.signal.changed();
    }
  }

  /** A killed process may have used up the restarts; then there is nothing to run. */
  async #outcome(attempt: RunningAttempt): Promise<AttemptEnd> {
    const { restarts, maxRestarts } = attempt.claimed;
    const nothing = { metrics: {}, seconds: 0, model: null };
    if (restarts > maxRestarts) {
      const reason = `Its process was lost ${restarts} times, with the service or the machine that ran it.`;
      this.#platform.log.error('A trial was given up.', { 'event.reason': reason });
      return { ...nothing, kind: 'failed', reason };
    }
    return attempt.run().catch((error: unknown): AttemptEnd => {
      this.#platform.log[failureLevel(error)]('A trial could not be run.', { error });
      return { ...nothing, kind: 'lost', reason: `It could not be run: ${error instanceof Error ? error.message : String(error)}` };
    });
  }

  #makeAttempt(claimed: Claimed): RunningAttempt {
    const { objects, config } = this.#platform;
    const name = createHash('sha256').update(keyOf(claimed)).digest('hex').slice(0, 24);
    return new RunningAttempt(claimed, {
      host: this.#host,
      objects,
      folder: join(this.#folder, name),
      silenceMs: config.SILENCE,
      writeMetrics: (rows) => this.#writeMetrics(claimed, rows),
    });
  }

  async #writeMetrics(claimed: Claimed, rows: readonly MetricRow[]): Promise<void> {
    await insertMetrics(this.#platform.sql, claimed, rows).catch((error: unknown) => {
      this.#platform.log[failureLevel(error)]('Steps of metrics could not be kept; their last values are.', { error });
    });
  }

  /** While the database is away or full the result waits: a finished trial is not run again for that. */
  async #settle(claimed: Claimed, end: AttemptEnd): Promise<boolean> {
    for (;;) {
      try {
        return await this.#platform.transactions.run((tx) => settleTrial(tx, claimed, end));
      } catch (error) {
        if (!(isLostConnection(error) || isOutOfRoom(error)) || this.#stop.signal.aborted) throw error;
        await delay(AGAIN_MS);
      }
    }
  }
}

/** A check that is true from the second look on: resolves at the next change after now. */
function neverAtOnce(): () => boolean {
  let looks = 0;
  return () => {
    looks += 1;
    return looks > 1;
  };
}
