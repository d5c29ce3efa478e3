import type { Queryable } from '@roofshot/storage/sql';

export interface UnitKey {
  readonly scope: number;
  readonly unit: string;
}
export interface UnitRow extends UnitKey {
  /** JSON as it was written; null for a new row. */
  readonly state: string | null;
}

/** `lastAt`: the latest event time that the unit knows of. `isExposed`: it belongs to a phase, and stays as long as the phase does. */
export interface WrittenUnit extends UnitKey {
  readonly state: string;
  readonly lastAt: number;
  readonly isExposed: boolean;
}

/**
 * The rows of these units, locked until the transaction ends, made where they are missing. All writers lock in one order, so that
 * tasks that meet on units wait for each other and never in a circle.
 */
export async function lockUnits(tx: Queryable, keys: readonly UnitKey[]): Promise<UnitRow[]> {
  const params = [keys.map(({ scope }) => scope), keys.map(({ unit }) => unit)];
  await tx.query(
    `INSERT INTO experiments.units (scope, unit) SELECT s, u FROM unnest($1::bigint[], $2::text[]) AS k(s, u)
     ORDER BY s, u COLLATE "C" ON CONFLICT (scope, unit) DO NOTHING`,
    params,
  );
  return tx.query<UnitRow>(
    `SELECT u.scope, u.unit, u.state::text AS state FROM unnest($1::bigint[], $2::text[]) AS k(scope, unit)
     JOIN experiments.units AS u USING (scope, unit) ORDER BY u.scope, u.unit COLLATE "C" FOR UPDATE OF u`,
    params,
  );
}

export async function writeUnits(tx: Queryable, units: readonly WrittenUnit[]): Promise<void> {
  if (units.length === 0) return;
  await tx.query(
    `UPDATE experiments.units AS kept SET state = n.state::json, last_at = greatest(kept.last_at, n.at), exposed = n.exposed
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::boolean[]) AS n(scope, unit, state, at, exposed)
     WHERE kept.scope = n.scope AND kept.unit = n.unit`,
    [
      units.map(({ scope }) => scope),
      units.map(({ unit }) => unit),
      units.map(({ state }) => state),
      units.map(({ lastAt }) => lastAt),
      units.map(({ isExposed }) => isExposed),
    ],
  );
}

export async function findUnit(db: Queryable, { scope, unit }: UnitKey): Promise<string | null> {
  const [row] = await db.query<{ state: string | null }>(
    'SELECT state::text AS state FROM experiments.units WHERE scope = $1 AND unit = $2',
    [scope, unit],
  );
  return row?.state ?? null;
}

/** Forgets, at most `limit`, units of the scope that no phase holds and that nothing has been heard of since `before`. Answers how many. */
export async function forgetUnits(db: Queryable, scope: number, before: number, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM experiments.units WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM experiments.units WHERE scope = $1 AND NOT exposed AND last_at < $2 LIMIT $3 FOR UPDATE SKIP LOCKED))
     RETURNING 1`,
    [scope, before, limit],
  );
  return rows.length;
}

/** Forgets a unit in every scope, also in those of phases that have ended. Answers in how many it was known. */
export async function deleteUnit(tx: Queryable, unit: string): Promise<number> {
  const rows = await tx.query(
    'DELETE FROM experiments.units WHERE scope IN (SELECT id FROM experiments.scopes) AND unit = $1 RETURNING 1',
    [unit],
  );
  return rows.length;
}
