import type { DataOf } from '@roofshot/contracts/define';
import type { TrainingSnapshotBuilt } from '@roofshot/contracts/features';
import type { RunAnswer } from '@roofshot/contracts/http/training';
import type { TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import type { Queryable } from '@roofshot/storage/sql';

export type Snapshot = DataOf<typeof TrainingSnapshotBuilt>;
export type RunState = RunAnswer['state'];

/** What was asked for, and what the job said then. */
export interface RunOrder {
  readonly runId: string;
  readonly job: string;
  readonly jobGeneration: number;
  readonly spec: TrainingJobSpec;
  readonly from: Date;
  readonly to: Date;
  readonly asOf: Date;
  readonly reason: string;
  readonly requestedBy: string;
  readonly snapshotId: string;
  /** Most trials at a time, and cores for each. */
  readonly parallel: number;
  readonly threads: number;
  readonly maxRestarts: number;
  readonly timeoutMs: number;
  readonly correlationid: string;
  readonly traceparent: string;
}

export interface Run extends RunOrder {
  readonly model: string;
  readonly state: RunState;
  /** Why it failed or was cancelled. */
  readonly because: string;
  /** Number of the best trial. */
  readonly best: number | null;
  readonly metrics: Readonly<Record<string, number>>;
  readonly artifact: string | null;
  /** Of its snapshot, once it is built. */
  readonly snapshot: Snapshot | null;
  /** From its first trial to its end, or until now. */
  readonly seconds: number;
  readonly deadline: Date | null;
}

const RUN = `run_id AS "runId", job, job_generation AS "jobGeneration", model, spec, range_from AS "from", range_to AS "to", as_of AS "asOf",
  runs.reason, requested_by AS "requestedBy", snapshot_id AS "snapshotId", runs.state, because, best, metrics, artifact, parallel, threads,
  max_restarts AS "maxRestarts", timeout_ms AS "timeoutMs", correlationid, traceparent, deadline, built AS snapshot,
  coalesce(extract(epoch FROM coalesce(ended_at, now()) - started_at), 0)::float8 AS seconds`;
const SELECT = `SELECT ${RUN} FROM training.runs JOIN training.snapshots USING (snapshot_id)`;

export async function findRun(db: Queryable, runId: string): Promise<Run | undefined> {
  const [run] = await db.query<Run>(`${SELECT} WHERE run_id = $1`, [runId]);
  return run;
}

/** Until the transaction ends nobody else changes the run or its trials. */
export async function lockRun(tx: Queryable, runId: string): Promise<Run | undefined> {
  await tx.query('SELECT 1 FROM training.runs WHERE run_id = $1 FOR UPDATE', [runId]);
  return findRun(tx, runId);
}

/** Newest first. */
export async function listRuns(db: Queryable, { job, limit }: { job: string | undefined; limit: number }): Promise<Run[]> {
  return db.query<Run>(`${SELECT} WHERE $1::text IS NULL OR job = $1 ORDER BY created_at DESC, run_id LIMIT $2`, [job ?? null, limit]);
}

/** Those that wait for the snapshot, locked, in one order for all. */
export async function lockWaitingRuns(tx: Queryable, snapshotId: string): Promise<Run[]> {
  await tx.query(
    `SELECT 1 FROM training.runs WHERE snapshot_id = $1 AND state = 'waiting-for-snapshot' ORDER BY created_at, run_id FOR UPDATE`,
    [snapshotId],
  );
  return tx.query<Run>(`${SELECT} WHERE snapshot_id = $1 AND runs.state = 'waiting-for-snapshot' ORDER BY created_at, run_id`, [
    snapshotId,
  ]);
}

/** False when there is a run of this id. */
export async function insertRun(tx: Queryable, run: RunOrder): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO training.runs (run_id, job, job_generation, model, spec, range_from, range_to, as_of, reason, requested_by, snapshot_id,
       state, parallel, threads, max_restarts, timeout_ms, correlationid, traceparent, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting-for-snapshot', $12, $13, $14, $15, $16, $17, clock_timestamp())
     ON CONFLICT (run_id) DO NOTHING RETURNING run_id`,
    [
      run.runId,
      run.job,
      run.jobGeneration,
      run.spec.registers,
      JSON.stringify(run.spec),
      run.from,
      run.to,
      run.asOf,
      run.reason,
      run.requestedBy,
      run.snapshotId,
      run.parallel,
      run.threads,
      run.maxRestarts,
      run.timeoutMs,
      run.correlationid,
      run.traceparent,
    ],
  );
  return rows.length > 0;
}

export async function setRunQueued(tx: Queryable, runId: string): Promise<void> {
  await tx.query(`UPDATE training.runs SET state = 'queued' WHERE run_id = $1`, [runId]);
}

export interface RunEnd {
  readonly state: 'finished' | 'failed' | 'cancelled';
  readonly because: string;
  readonly best?: number;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly artifact?: string;
}

/** Ends the run; trials that have not ended are cancelled. Answers the seconds that it took. */
export async function endRun(tx: Queryable, runId: string, end: RunEnd): Promise<number> {
  await tx.query(
    `UPDATE training.trials SET state = 'cancelled', lease_until = NULL WHERE run_id = $1 AND state IN ('queued', 'running')`,
    [runId],
  );
  const [row] = await tx.query<{ seconds: number }>(
    `UPDATE training.runs SET state = $2, because = $3, best = $4, metrics = $5, artifact = $6, ended_at = clock_timestamp()
     WHERE run_id = $1 RETURNING coalesce(extract(epoch FROM ended_at - started_at), 0)::float8 AS seconds`,
    [runId, end.state, end.because, end.best ?? null, JSON.stringify(end.metrics ?? {}), end.artifact ?? null],
  );
  return row?.seconds ?? 0;
}

/** Runs of a job that have not ended. */
export async function openRunsOf(db: Queryable, job: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT run_id AS id FROM training.runs WHERE job = $1 AND state IN ('waiting-for-snapshot', 'queued', 'running') ORDER BY created_at`,
    [job],
  );
  return rows.map(({ id }) => id);
}
