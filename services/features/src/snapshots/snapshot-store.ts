import { randomUUID } from 'node:crypto';
import type { DataOf } from '@roofshot/contracts/define';
import type { TrainingSnapshotBuilt } from '@roofshot/contracts/features';
import type { Queryable } from '@roofshot/storage/sql';
import type { SnapshotRequest } from './snapshot-plan.ts';

export type SnapshotResult = DataOf<typeof TrainingSnapshotBuilt>;
export type SnapshotState = 'waiting' | 'building' | 'built' | 'failed';

export interface Snapshot {
  readonly id: string;
  readonly state: SnapshotState;
  readonly attempts: number;
  readonly request: SnapshotRequest;
  readonly result: SnapshotResult | null;
  readonly reason: string | null;
  readonly requestedAt: Date;
  readonly finishedAt: Date | null;
}

/** The trace of the command, carried on to what is said of its result. */
export interface SnapshotCause {
  readonly correlationid: string | null;
  readonly traceparent: string | null;
}

/** A snapshot that this process may build, until its lease runs out. */
export interface HeldSnapshot extends SnapshotCause {
  readonly id: string;
  readonly token: string;
  readonly attempts: number;
  readonly request: SnapshotRequest;
}

/** Said when a snapshot was asked for or has ended; the payload is its id. */
export const SNAPSHOT_CHANNEL = 'features_snapshots';

/** Asked for twice under one id, it is one snapshot. */
export async function addSnapshot(tx: Queryable, request: SnapshotRequest, { correlationid, traceparent }: SnapshotCause): Promise<void> {
  await tx.query(
    `INSERT INTO features.snapshots (id, request, state, correlationid, traceparent, requested_at) VALUES ($1, $2, 'waiting', $3, $4, now())
     ON CONFLICT DO NOTHING`,
    [request.snapshotId, JSON.stringify(request), correlationid, traceparent],
  );
  await tell(tx, request.snapshotId);
}

/** Takes the oldest that nobody builds, or whose builder has not been heard of. The database's clock counts. */
export async function holdSnapshot(db: Queryable, leaseMs: number): Promise<HeldSnapshot | undefined> {
  const [row] = await db.query<HeldSnapshot>(
    `UPDATE features.snapshots SET state = 'building', attempts = attempts + 1, lease_token = $1, lease_until = now() + $2 * interval '1 ms'
     WHERE id = (SELECT id FROM features.snapshots WHERE state = 'waiting' OR (state = 'building' AND lease_until < now())
                 ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, lease_token AS token, attempts, request, correlationid, traceparent`,
    [randomUUID(), leaseMs],
  );
  return row;
}

/** False when another process has taken over. */
export async function renewLease(db: Queryable, { id, token }: HeldSnapshot, leaseMs: number): Promise<boolean> {
  const rows = await db.query(
    `UPDATE features.snapshots SET lease_until = now() + $3 * interval '1 ms' WHERE id = $1 AND lease_token = $2 AND state = 'building' RETURNING id`,
    [id, token, leaseMs],
  );
  return rows.length > 0;
}

/** Gives it back, to be built again. */
export async function releaseSnapshot(db: Queryable, { id, token }: HeldSnapshot): Promise<void> {
  await db.query(
    `UPDATE features.snapshots SET state = 'waiting', lease_token = NULL WHERE id = $1 AND lease_token = $2 AND state = 'building'`,
    [id, token],
  );
}

export type SnapshotEnd = { readonly result: SnapshotResult } | { readonly reason: string };

/** False when another process has taken over: then nothing may be said. */
export async function endSnapshot(tx: Queryable, { id, token }: HeldSnapshot, end: SnapshotEnd): Promise<boolean> {
  const [state, result, reason] = 'result' in end ? ['built', JSON.stringify(end.result), null] : ['failed', null, end.reason];
  const rows = await tx.query(
    `UPDATE features.snapshots SET state = $3, result = $4, reason = $5, finished_at = now(), lease_token = NULL
     WHERE id = $1 AND lease_token = $2 AND state = 'building' RETURNING id`,
    [id, token, state, result, reason],
  );
  if (rows.length > 0) await tell(tx, id);
  return rows.length > 0;
}

export async function findSnapshot(db: Queryable, id: string): Promise<Snapshot | undefined> {
  const [row] = await db.query<Snapshot>(
    `SELECT id, state, attempts, request, result, reason, requested_at AS "requestedAt", finished_at AS "finishedAt" FROM features.snapshots WHERE id = $1`,
    [id],
  );
  return row;
}

/** Heard when the transaction commits. */
async function tell(tx: Queryable, id: string): Promise<void> {
  await tx.query('SELECT pg_notify($1, $2)', [SNAPSHOT_CHANNEL, id]);
}
