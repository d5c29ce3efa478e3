import type { AliasHistory } from '@roofshot/contracts/http/registry';
import type { Queryable } from '@roofshot/storage/sql';
import type { Move } from './alias-moves.ts';

export interface NewMove extends Move {
  readonly model: string;
  readonly alias: string;
  readonly reason: string;
  readonly requestedBy: string;
}

/** Oldest first. */
export async function listMoves(db: Queryable, model: string, alias: string): Promise<Move[]> {
  return db.query<Move>(
    'SELECT revision, version, previous, kind FROM registry.alias_moves WHERE model = $1 AND alias = $2 ORDER BY revision',
    [model, alias],
  );
}

export async function insertMove(tx: Queryable, move: NewMove): Promise<void> {
  await tx.query(
    `INSERT INTO registry.alias_moves (model, alias, revision, version, previous, kind, reason, requested_by, moved_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())`,
    [move.model, move.alias, move.revision, move.version, move.previous, move.kind, move.reason, move.requestedBy],
  );
}

export interface CurrentAlias {
  readonly alias: string;
  readonly version: number;
  readonly revision: number;
}

/** What the model's aliases name: now, or as of a time. By name. */
export async function currentAliases(db: Queryable, model: string, asOf: Date | null = null): Promise<CurrentAlias[]> {
  const rows = await db.query<CurrentAlias | { version: null }>(
    `SELECT DISTINCT ON (alias) alias, version, revision FROM registry.alias_moves
     WHERE model = $1 AND ($2::timestamptz IS NULL OR moved_at <= $2) ORDER BY alias, revision DESC`,
    [model, asOf],
  );
  return rows.filter((row): row is CurrentAlias => row.version !== null);
}

/** Newest first. */
export async function readHistory(db: Queryable, model: string): Promise<AliasHistory['moves']> {
  const rows = await db.query<Omit<AliasHistory['moves'][number], 'at'> & { at: Date }>(
    `SELECT alias, revision AS "aliasRevision", version, previous, kind, reason, requested_by AS "requestedBy", moved_at AS at
     FROM registry.alias_moves WHERE model = $1 ORDER BY moved_at DESC, alias, revision DESC`,
    [model],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
