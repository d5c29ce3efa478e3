import type { Queryable } from '@roofshot/storage/sql';
import type { Snapshot } from './run-store.ts';

export interface KnownSnapshot {
  readonly snapshotId: string;
  readonly state: 'building' | 'built' | 'failed';
  readonly attempt: number;
}

/** The newest attempt at the snapshot; the caller's transaction is the only one that orders snapshots of this fingerprint. */
export async function lockSnapshot(tx: Queryable, fingerprint: string): Promise<KnownSnapshot | undefined> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`roofshot training snapshot ${fingerprint}`]);
  const [known] = await tx.query<KnownSnapshot>(
    `SELECT snapshot_id AS "snapshotId", state, attempt FROM training.snapshots WHERE fingerprint = $1 ORDER BY attempt DESC LIMIT 1`,
    [fingerprint],
  );
  return known;
}

export async function insertSnapshot(tx: Queryable, snapshotId: string, fingerprint: string, attempt: number): Promise<void> {
  await tx.query(`INSERT INTO training.snapshots (snapshot_id, fingerprint, attempt, state) VALUES ($1, $2, $3, 'building')`, [
    snapshotId,
    fingerprint,
    attempt,
  ]);
}

/** False when it is not awaited: somebody else's, or told before. */
export async function setSnapshotBuilt(tx: Queryable, built: Snapshot): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE training.snapshots SET state = 'built', built = $2 WHERE snapshot_id = $1 AND state = 'building' RETURNING 1`,
    [built.snapshotId, JSON.stringify(built)],
  );
  return rows.length > 0;
}

export async function setSnapshotFailed(tx: Queryable, snapshotId: string, reason: string): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE training.snapshots SET state = 'failed', reason = $2 WHERE snapshot_id = $1 AND state = 'building' RETURNING 1`,
    [snapshotId, reason],
  );
  return rows.length > 0;
}
