import type { DataOf } from '@roofshot/contracts/define';
import type { SubjectErased } from '@roofshot/contracts/erasures';
import type { Queryable } from '@roofshot/storage/sql';

/** Times are epoch milliseconds. */
export interface NewErasureRow {
  readonly id: string;
  readonly subject: string;
  readonly types: readonly string[] | undefined;
  readonly requestedBy: string;
  readonly until: number;
}

export interface ErasureRow {
  readonly id: string;
  readonly types: string[] | null;
  readonly requestedBy: string;
  readonly until: number;
  readonly finishedAt: Date | null;
}

export interface ErasurePart {
  readonly service: string;
  readonly erased: Record<string, number> | null;
  readonly kept: { store: string; reason: string }[] | null;
  readonly doneAt: Date | null;
}

/**
 * Epoch milliseconds: everything that was accepted before the call was known by then. A stream's known times may run a little ahead of
 * the clock (stream-clock.ts).
 */
export async function timeOfErasure(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ until: number }>(
    `SELECT GREATEST(ceil(extract(epoch FROM clock_timestamp()) * 1000)::bigint, (SELECT max(known) FROM ingestion.streams)) AS until`,
  );
  if (row === undefined) throw new Error('PostgreSQL did not tell the time.');
  return row.until;
}

/** False when there is one of this id. */
export async function addErasure(tx: Queryable, row: NewErasureRow, services: readonly string[]): Promise<boolean> {
  const { id, subject, types, requestedBy, until } = row;
  const added = await tx.query(
    `INSERT INTO ingestion.erasures (id, subject, types, requested_by, erased_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1`,
    [id, subject, types ?? null, requestedBy, until],
  );
  if (added.length === 0) return false;
  await tx.query('INSERT INTO ingestion.erasure_parts (erasure_id, service) SELECT $1, s FROM unnest($2::text[]) AS s', [id, services]);
  return true;
}

const COLUMNS = 'id, types, requested_by AS "requestedBy", erased_at AS until, finished_at AS "finishedAt"';

export async function findErasure(db: Queryable, id: string): Promise<ErasureRow | undefined> {
  const [row] = await db.query<ErasureRow>(`SELECT ${COLUMNS} FROM ingestion.erasures WHERE id = $1`, [id]);
  return row;
}

export async function listParts(db: Queryable, id: string): Promise<ErasurePart[]> {
  return db.query<ErasurePart>(
    'SELECT service, erased, kept, done_at AS "doneAt" FROM ingestion.erasure_parts WHERE erasure_id = $1 ORDER BY service',
    [id],
  );
}

/** Writes down what a service has done; the first account stays. */
export async function endPart(tx: Queryable, { erasureId, service, erased, kept }: DataOf<typeof SubjectErased>): Promise<void> {
  await tx.query(
    `UPDATE ingestion.erasure_parts SET erased = $3, kept = $4, done_at = now() WHERE erasure_id = $1 AND service = $2 AND done_at IS NULL`,
    [erasureId, service, JSON.stringify(erased), JSON.stringify(kept)],
  );
}

/** Ends the erasure and forgets its subject when every part is done; true for the one call that does. */
export async function endErasure(tx: Queryable, id: string): Promise<boolean> {
  const ended = await tx.query(
    `UPDATE ingestion.erasures SET subject = NULL, finished_at = now() WHERE id = $1 AND finished_at IS NULL
     AND NOT EXISTS (SELECT FROM ingestion.erasure_parts WHERE erasure_id = $1 AND done_at IS NULL) RETURNING 1`,
    [id],
  );
  return ended.length > 0;
}
