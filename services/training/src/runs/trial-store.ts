/** Rows of trials. An attempt writes under its epoch: whoever has lost the lease changes nothing any more. */
import type { DataOf } from '@roofshot/contracts/define';
import type { TrainingRunFinished } from '@roofshot/contracts/training';
import type { Queryable } from '@roofshot/storage/sql';
import type { TrialState } from '../search/next-step.ts';
import type { Params } from '../search/plan-trials.ts';

/** A trained model in the object store. */
export type TrialModel = Pick<DataOf<typeof TrainingRunFinished>, 'artifact' | 'artifactBytes' | 'signature'>;

export interface Trial extends TrialState {
  readonly restarts: number;
  readonly seconds: number;
  readonly model: TrialModel | null;
  /** Keys in the object store, one for each attempt that left a log. */
  readonly logs: readonly string[];
}

/** One attempt at a trial: the fencing token of everything that it writes. */
export interface Attempt {
  readonly runId: string;
  readonly number: number;
  readonly epoch: number;
}

export async function listTrials(db: Queryable, runId: string): Promise<Trial[]> {
  return db.query<Trial>(
    `SELECT number, kind, params, state, metrics, error, restarts, trained AS model, logs,
       CASE state WHEN 'running' THEN extract(epoch FROM now() - started_at)::float8 ELSE seconds END AS seconds
     FROM training.trials WHERE run_id = $1 ORDER BY number`,
    [runId],
  );
}

export interface NewTrial {
  readonly number: number;
  readonly kind: Trial['kind'];
  readonly params: Params;
}

export async function insertTrials(tx: Queryable, runId: string, trials: readonly NewTrial[]): Promise<void> {
  await tx.query(
    `INSERT INTO training.trials (run_id, number, kind, params, state)
     SELECT $1, number, kind, params::json, 'queued' FROM unnest($2::int[], $3::text[], $4::text[]) AS new (number, kind, params)`,
    [runId, trials.map(({ number }) => number), trials.map(({ kind }) => kind), trials.map(({ params }) => JSON.stringify(params))],
  );
}

export interface TrialEnd {
  readonly state: 'finished' | 'failed';
  readonly metrics: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly error: string | null;
  readonly model: TrialModel | null;
}

/** False when the attempt has lost its lease meanwhile. */
export async function endTrial(tx: Queryable, attempt: Attempt, end: TrialEnd, log: string | undefined): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE training.trials SET state = $4, metrics = $5, seconds = $6, error = $7, trained = $8, lease_until = NULL,
       logs = CASE WHEN $9::text IS NULL THEN logs ELSE array_append(logs, $9) END
     WHERE run_id = $1 AND number = $2 AND epoch = $3 AND state = 'running' RETURNING 1`,
    [
      attempt.runId,
      attempt.number,
      attempt.epoch,
      end.state,
      JSON.stringify(end.metrics),
      end.seconds,
      end.error,
      end.model === null ? null : JSON.stringify(end.model),
      log ?? null,
    ],
  );
  return rows.length > 0;
}

/** Puts the trial back into the queue. `restarts`: how many that costs. False when the attempt has lost its lease meanwhile. */
export async function requeueTrial(tx: Queryable, attempt: Attempt, restarts: number, log?: string): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE training.trials SET state = 'queued', restarts = restarts + $4, lease_until = NULL,
       logs = CASE WHEN $5::text IS NULL THEN logs ELSE array_append(logs, $5) END
     WHERE run_id = $1 AND number = $2 AND epoch = $3 AND state = 'running' RETURNING 1`,
    [attempt.runId, attempt.number, attempt.epoch, restarts, log ?? null],
  );
  return rows.length > 0;
}

export interface MetricRow {
  readonly position: number;
  readonly name: string;
  readonly value: number;
  readonly step: number | null;
}

/** Rows of an attempt that has lost its lease are kept nowhere. */
export async function insertMetrics(db: Queryable, attempt: Attempt, rows: readonly MetricRow[]): Promise<void> {
  await db.query(
    `INSERT INTO training.trial_metrics (run_id, number, epoch, position, name, value, step)
     SELECT $1, $2, $3, position, name, value, step
     FROM unnest($4::int[], $5::text[], $6::float8[], $7::bigint[]) AS new (position, name, value, step)
     WHERE EXISTS (SELECT 1 FROM training.trials WHERE run_id = $1 AND number = $2 AND epoch = $3 AND state = 'running')
     ON CONFLICT DO NOTHING`,
    [
      attempt.runId,
      attempt.number,
      attempt.epoch,
      rows.map(({ position }) => position),
      rows.map(({ name }) => name),
      rows.map(({ value }) => value),
      rows.map(({ step }) => step),
    ],
  );
}

/** In the order in which the trial's current attempt logged them. */
export async function listMetrics(db: Queryable, runId: string, number: number): Promise<Omit<MetricRow, 'position'>[]> {
  return db.query<Omit<MetricRow, 'position'>>(
    `SELECT name, value, step FROM training.trial_metrics JOIN training.trials USING (run_id, number, epoch)
     WHERE run_id = $1 AND number = $2 ORDER BY position`,
    [runId, number],
  );
}
