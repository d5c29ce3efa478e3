import type { Queryable } from '@roofshot/storage/sql';
import type { ErasedEntity } from './erase-series.ts';

export interface Erasing {
  readonly id: string;
  readonly entities: readonly ErasedEntity[];
  /** By store. */
  readonly erased: Readonly<Record<string, number>>;
  readonly snapshotsUntil: Date;
  readonly passes: number;
}

export async function addErasing(tx: Queryable, id: string, entities: readonly ErasedEntity[], erased: Erasing['erased']): Promise<void> {
  await tx.query(
    `INSERT INTO features.erasing (erasure_id, entities, erased, snapshots_until, passes, due_at) VALUES ($1, $2, $3, clock_timestamp(), 0, now())
     ON CONFLICT (erasure_id) DO NOTHING`,
    [id, JSON.stringify(entities), JSON.stringify(erased)],
  );
}

/** One that is due, held until the transaction ends. */
export async function holdErasing(tx: Queryable): Promise<Erasing | undefined> {
  const [row] = await tx.query<Erasing>(
    `SELECT erasure_id AS id, entities, erased, snapshots_until AS "snapshotsUntil", passes FROM features.erasing
     WHERE due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  );
  return row;
}

export async function passAgain(tx: Queryable, id: string, afterMs: number): Promise<void> {
  await tx.query(
    `UPDATE features.erasing SET passes = passes + 1, due_at = now() + make_interval(secs => $2 / 1000.0) WHERE erasure_id = $1`,
    [id, afterMs],
  );
}

export async function removeErasing(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM features.erasing WHERE erasure_id = $1', [id]);
}

/** Ids of training snapshots that were asked for by then, and may hold rows that were made of the subject's events: the newest, and how many. */
export async function snapshotsUntil(tx: Queryable, until: Date, limit: number): Promise<{ ids: string[]; count: number }> {
  const rows = await tx.query<{ id: string; count: number }>(
    `SELECT id, (count(*) OVER ())::int AS count FROM features.snapshots WHERE requested_at <= $1 AND state <> 'failed'
     ORDER BY requested_at DESC, id LIMIT $2`,
    [until, limit],
  );
  return { ids: rows.map(({ id }) => id), count: rows[0]?.count ?? 0 };
}
