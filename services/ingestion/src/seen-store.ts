/** Which events have been accepted: (source, id) within the horizon, exactly, over all processes and restarts. */
import { hash } from 'node:crypto';
import type { Queryable } from '@roofshot/storage/sql';

/** 16 bytes of SHA-256 over source and id, the source's length before it: two different events collide once in 2^64 pairs of them. */
export function fingerprint(source: string, id: string): Buffer {
  return hash('sha256', `${source.length}:${source}${id}`, 'buffer').subarray(0, 16);
}

/**
 * Records fingerprints in the caller's transaction; answers, for each, whether this call was the first to record it
 * (of two equal ones in one call, the first). A concurrent transaction with the same one is waited for.
 */
export async function recordFirstSeen(tx: Queryable, fingerprints: readonly Buffer[]): Promise<boolean[]> {
  if (fingerprints.length === 0) return [];
  // Sorted, so that two transactions never wait for each other in a circle.
  const sorted = [...fingerprints].sort(Buffer.compare);
  const rows = await tx.query<{ fingerprint: Buffer }>(
    `INSERT INTO ingestion.seen (fingerprint, seen_at) SELECT f, now() FROM unnest($1::bytea[]) AS f
     ON CONFLICT (fingerprint) DO NOTHING RETURNING fingerprint`,
    [sorted],
  );
  const fresh = new Set(rows.map((row) => row.fingerprint.toString('latin1')));
  return fingerprints.map((one) => fresh.delete(one.toString('latin1')));
}

/** Forgets what is older than the horizon, at most `limit` rows; answers how many. */
export async function forgetSeen(db: Queryable, horizonSeconds: number, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM ingestion.seen WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM ingestion.seen WHERE seen_at < now() - make_interval(secs => $1) ORDER BY seen_at LIMIT $2))
     RETURNING 1`,
    [horizonSeconds, limit],
  );
  return rows.length;
}
