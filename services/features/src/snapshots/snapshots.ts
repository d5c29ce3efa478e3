import type { CommandOf, DataOf } from '@roofshot/contracts/define';
import { BuildTrainingSnapshot, trainingSnapshots } from '@roofshot/contracts/features';
import { done, type Cause, type NewEventOf, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { Signal, type WaitOptions } from '@roofshot/runtime/signal';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import { runWith } from '@roofshot/telemetry/context';
import type { Logger } from '@roofshot/telemetry/logger';
import { metrics } from '../metrics.ts';
import { SnapshotFault } from './snapshot-fault.ts';
import {
  addSnapshot,
  endSnapshot,
  findSnapshot,
  holdSnapshot,
  releaseSnapshot,
  renewLease,
  SNAPSHOT_CHANNEL,
  type HeldSnapshot,
  type Snapshot,
  type SnapshotEnd,
  type SnapshotResult,
} from './snapshot-store.ts';
import type { SnapshotRequest } from './snapshot-plan.ts';

export interface SnapshotsSetup {
  readonly name: string;
  readonly sql: Sql;
  readonly transactions: Transactions;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly build: (request: SnapshotRequest) => Promise<SnapshotResult>;
}

/** A build whose process died, or whose database was away, is tried so often. */
const MAX_ATTEMPTS = 3;

/** Accepts orders for training snapshots and builds them, one at a time per process, each under a lease. */
export class Snapshots {
  /** A snapshot was asked for or has ended, here or elsewhere. */
  readonly changed = new Signal();
  readonly #setup: SnapshotsSetup;
  #running: Promise<void> | undefined;
  #asked = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #unlisten: () => Promise<void> = () => Promise.resolve();

  constructor(setup: SnapshotsSetup) {
    this.#setup = setup;
  }

  /** Takes an order; it is built when the transaction has committed. */
  async accept({ data, correlationid, traceparent }: CommandOf<typeof BuildTrainingSnapshot>, tx: Tx): Promise<Outcome> {
    await addSnapshot(tx, data, { correlationid, traceparent: traceparent ?? null });
    return done();
  }

  /** Sends the order as a command, so that it is taken exactly once. */
  async order(request: DataOf<typeof BuildTrainingSnapshot>): Promise<void> {
    await this.#setup.transactions.run((tx) => Promise.resolve(tx.send(BuildTrainingSnapshot, request)));
  }

  async find(id: string): Promise<Snapshot | undefined> {
    return findSnapshot(this.#setup.sql, id);
  }

  /** The snapshot as soon as it has ended; as it is when time is over. */
  async findEnded(id: string, wait: WaitOptions): Promise<Snapshot | undefined> {
    const ended = await this.changed.waitUntil(async () => {
      const snapshot = await this.find(id);
      return snapshot !== undefined && snapshot.finishedAt !== null ? snapshot : undefined;
    }, wait);
    return ended ?? this.find(id);
  }

  async start(): Promise<void> {
    const { sql, leaseMs } = this.#setup;
    this.#unlisten = await sql.listen(SNAPSHOT_CHANNEL, () => {
      this.changed.changed();
      this.#look();
    });
    // Whoever built it may have died without a word.
    this.#timer = setInterval(() => this.#look(), leaseMs).unref();
    this.#look();
  }

  /** What is being built is given back by its lease. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#unlisten();
    await this.#running;
  }

  #look(): void {
    this.#asked = true;
    if (this.#stopped) return;
    this.#running ??= runWith({ service: this.#setup.name }, () => this.#run()).finally(() => {
      this.#running = undefined;
      if (this.#asked) this.#look(); // asked for while the last run was ending
    });
  }

  async #run(): Promise<void> {
    while (this.#asked && !this.#stopped) {
      this.#asked = false;
      try {
        for (let held = await this.#hold(); held !== undefined; held = await this.#hold()) await this.#buildHeld(held);
      } catch (error) {
        this.#setup.log[failureLevel(error)]('Training snapshots could not be looked for; it is tried again after a lease.', { error });
      }
    }
  }

  async #hold(): Promise<HeldSnapshot | undefined> {
    return this.#stopped ? undefined : holdSnapshot(this.#setup.sql, this.#setup.leaseMs);
  }

  async #buildHeld(held: HeldSnapshot): Promise<void> {
    const cause: Cause = {
      ...(held.correlationid !== null && { correlationid: held.correlationid }),
      ...(held.traceparent !== null && { traceparent: held.traceparent }),
    };
    const started = performance.now();
    const end = await this.#endOf(held);
    if (end === undefined) return;
    const isMine = await this.#setup.transactions.run(async (tx) => {
      const mine = await endSnapshot(tx, held, end);
      if (mine) tx.publish(trainingSnapshots, [eventOf(held, end, cause)]);
      return mine;
    });
    metrics['snapshots.finished'](1, { outcome: isMine ? ('result' in end ? 'built' : 'failed') : 'lost' });
    metrics['snapshot.ms'](performance.now() - started);
    this.changed.changed();
  }

  /** Undefined: it was given back, to be tried again. */
  async #endOf(held: HeldSnapshot): Promise<SnapshotEnd | undefined> {
    const { sql, log, leaseMs, build } = this.#setup;
    const isLast = held.attempts >= MAX_ATTEMPTS;
    if (held.attempts > MAX_ATTEMPTS) {
      const reason = `It was tried ${MAX_ATTEMPTS} times and its builder was lost each time: look for it in the log, and ask again under another id.`;
      log.error('A training snapshot was given up.', {
        'labels.snapshot': held.id,
        'labels.attempt': held.attempts,
        'event.reason': reason,
      });
      return { reason };
    }
    const beat = setInterval(() => void renewLease(sql, held, leaseMs).catch(() => false), leaseMs / 3).unref();
    try {
      return { result: await build(held.request) };
    } catch (error) {
      if (error instanceof SnapshotFault) return { reason: error.message };
      const level = isLast ? 'error' : 'warn';
      log[level]('A training snapshot could not be built.', { 'labels.snapshot': held.id, 'labels.attempt': held.attempts, error });
      if (isLast)
        return { reason: `It failed ${held.attempts} times, last with: ${error instanceof Error ? error.message : String(error)}` };
      await releaseSnapshot(sql, held);
      this.#asked = true;
      return undefined;
    } finally {
      clearInterval(beat);
    }
  }
}

function eventOf({ id }: HeldSnapshot, end: SnapshotEnd, cause: Cause): NewEventOf<typeof trainingSnapshots> {
  if ('result' in end) return { id: `${id}/built`, type: 'training-snapshot.built', subject: id, data: end.result, cause };
  return { id: `${id}/failed`, type: 'training-snapshot.failed', subject: id, data: { snapshotId: id, reason: end.reason }, cause };
}
