/** The registry's rows: versions, which never change but for their admission, and the moves of aliases, which are only added. */
import type { DataOf } from '@roofshot/contracts/define';
import type { VersionAnswer } from '@roofshot/contracts/http/registry';
import type { ModelVersionApproved } from '@roofshot/contracts/models';
import type { TrainingRunFinished } from '@roofshot/contracts/training';
import type { Queryable } from '@roofshot/storage/sql';

export type Finished = DataOf<typeof TrainingRunFinished>;
export type Check = DataOf<typeof ModelVersionApproved>['checks'][number];

export interface Version {
  readonly model: string;
  readonly version: number;
  readonly runId: string;
  readonly artifact: string;
  readonly signature: Finished['signature'];
  readonly params: Finished['params'];
  readonly metrics: Finished['metrics'];
  readonly lineage: Finished['lineage'];
  readonly state: VersionAnswer['state'];
  readonly checks: readonly Check[];
  readonly registeredAt: Date;
}

const COLUMNS = `model, version, run_id AS "runId", artifact, signature, params, metrics, lineage, state, checks, registered_at AS "registeredAt"`;

/** Until the transaction ends nobody else numbers versions or moves aliases of this model. */
export async function lockModel(tx: Queryable, model: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`roofshot registry ${model}`]);
}

export async function findVersion(db: Queryable, model: string, version: number): Promise<Version | undefined> {
  const [row] = await db.query<Version>(`SELECT ${COLUMNS} FROM registry.versions WHERE model = $1 AND version = $2`, [model, version]);
  return row;
}

export async function findVersionOfRun(db: Queryable, model: string, runId: string): Promise<Version | undefined> {
  const [row] = await db.query<Version>(`SELECT ${COLUMNS} FROM registry.versions WHERE model = $1 AND run_id = $2`, [model, runId]);
  return row;
}

/** Newest first. */
export async function listVersions(db: Queryable, model: string): Promise<Version[]> {
  return db.query<Version>(`SELECT ${COLUMNS} FROM registry.versions WHERE model = $1 ORDER BY version DESC`, [model]);
}

/** The next version of the model; the caller holds the model's lock, so that numbers have no gaps. */
export async function insertVersion(tx: Queryable, run: Finished): Promise<number> {
  const [row] = await tx.query<{ version: number }>(
    `INSERT INTO registry.versions (model, version, run_id, artifact, signature, params, metrics, lineage, state, checks, registered_at)
     SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7, 'registered', '[]', now() FROM registry.versions WHERE model = $1
     RETURNING version`,
    [run.model, run.runId, run.artifact, ...[run.signature, run.params, run.metrics, run.lineage].map((part) => JSON.stringify(part))],
  );
  if (row === undefined) throw new Error('PostgreSQL answered no row to an insert.');
  return row.version;
}

/** A version to be admitted, and the how manieth time it is taken. */
export interface Leased {
  readonly version: Version;
  readonly attempt: number;
}

/** Takes one version that waits for its admission, for `leaseSeconds`; nobody else gets it until then. */
export async function leaseForAdmission(db: Queryable, leaseSeconds: number): Promise<Leased | undefined> {
  const [row] = await db.query<Version & { readonly attempt: number }>(
    `UPDATE registry.versions SET admission_lease = now() + make_interval(secs => $1), admission_attempts = admission_attempts + 1
     WHERE (model, version) = (
       SELECT model, version FROM registry.versions
       WHERE state = 'registered' AND (admission_lease IS NULL OR admission_lease < now())
       ORDER BY registered_at, version LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING ${COLUMNS}, admission_attempts AS attempt`,
    [leaseSeconds],
  );
  if (row === undefined) return undefined;
  const { attempt, ...version } = row;
  return { version, attempt };
}

/** False when another process has settled it meanwhile. */
export async function settleAdmission(
  tx: Queryable,
  version: Version,
  state: 'approved' | 'refused',
  checks: readonly Check[],
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE registry.versions SET state = $3, checks = $4 WHERE model = $1 AND version = $2 AND state = 'registered' RETURNING version`,
    [version.model, version.version, state, JSON.stringify(checks)],
  );
  return rows.length > 0;
}
