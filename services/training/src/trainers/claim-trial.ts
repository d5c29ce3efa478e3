/** Leases of trials, by PostgreSQL's clock: a trial belongs to one process at a time, and to nobody for long. */
import type { TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { Snapshot } from '../runs/run-store.ts';
import type { Attempt, Trial } from '../runs/trial-store.ts';

/** A trial that is ours to run, with all that it needs. */
export interface Claimed extends Attempt, Pick<Trial, 'kind' | 'params' | 'restarts'> {
  readonly job: string;
  readonly model: string;
  readonly spec: TrainingJobSpec;
  readonly snapshot: Snapshot;
  readonly to: Date;
  readonly threads: number;
  readonly maxRestarts: number;
  readonly deadline: Date;
  readonly correlationid: string;
  readonly traceparent: string;
}

export interface Capacity {
  /** Of this machine; a job that wants more gets all. */
  readonly cores: number;
  readonly free: number;
  readonly leaseMs: number;
}

/**
 * The next trial in the order of the runs, or one whose process was lost; undefined when there is none or it needs more cores than
 * are free (then nothing overtakes it).
 */
export async function claimTrial(sql: Sql, { cores, free, leaseMs }: Capacity): Promise<Claimed | undefined> {
  return sql.transaction(async (tx) => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('roofshot training claim', 0))`);
    const [claimed] = await tx.query<Attempt>(
      `WITH next AS (
         SELECT run_id, number, least(runs.threads, $1::int) AS threads
         FROM training.trials JOIN training.runs USING (run_id)
         WHERE runs.state IN ('queued', 'running')
           AND (trials.state = 'queued' OR (trials.state = 'running' AND lease_until < now()))
           AND parallel > (SELECT count(*) FROM training.trials AS busy
                           WHERE busy.run_id = runs.run_id AND busy.state = 'running' AND busy.lease_until >= now())
         ORDER BY created_at, run_id, number LIMIT 1)
       UPDATE training.trials SET state = 'running', epoch = epoch + 1, started_at = now(),
         restarts = restarts + CASE state WHEN 'running' THEN 1 ELSE 0 END, lease_until = now() + make_interval(secs => $3 / 1000.0)
       FROM next WHERE trials.run_id = next.run_id AND trials.number = next.number AND next.threads <= $2::int
       RETURNING trials.run_id AS "runId", trials.number, epoch`,
      [cores, free, leaseMs],
    );
    if (claimed === undefined) return undefined;
    await startRun(tx, claimed.runId);
    return read(tx, claimed, cores);
  });
}

/** The run's time runs from its first trial on. */
async function startRun(tx: Queryable, runId: string): Promise<void> {
  await tx.query(
    `UPDATE training.runs SET state = 'running', started_at = coalesce(started_at, now()),
       deadline = coalesce(deadline, now() + make_interval(secs => timeout_ms / 1000.0)) WHERE run_id = $1`,
    [runId],
  );
}

async function read(tx: Queryable, { runId, number }: Attempt, cores: number): Promise<Claimed> {
  const [row] = await tx.query<Claimed>(
    `SELECT run_id AS "runId", number, epoch, kind, params, restarts, job, model, spec, built AS snapshot, range_to AS "to",
       least(threads, $3::int) AS threads, max_restarts AS "maxRestarts", deadline, correlationid, traceparent
     FROM training.trials JOIN training.runs USING (run_id) JOIN training.snapshots USING (snapshot_id) WHERE run_id = $1 AND number = $2`,
    [runId, number, cores],
  );
  if (row === undefined) throw new Error(`The trial ${number} of ${runId} was claimed and is not there.`);
  return row;
}

/** Prolongs the leases of these attempts; answers those that are still ours. */
export async function renewLeases(db: Queryable, attempts: readonly Attempt[], leaseMs: number): Promise<Attempt[]> {
  if (attempts.length === 0) return [];
  return db.query<Attempt>(
    `UPDATE training.trials SET lease_until = now() + make_interval(secs => $4 / 1000.0)
     FROM unnest($1::text[], $2::int[], $3::int[]) AS held (run_id, number, epoch)
     WHERE trials.run_id = held.run_id AND trials.number = held.number AND trials.epoch = held.epoch AND trials.state = 'running'
     RETURNING trials.run_id AS "runId", trials.number, trials.epoch`,
    [attempts.map(({ runId }) => runId), attempts.map(({ number }) => number), attempts.map(({ epoch }) => epoch), leaseMs],
  );
}
