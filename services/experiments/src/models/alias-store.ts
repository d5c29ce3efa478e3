import type { Queryable } from '@roofshot/storage/sql';

export interface AliasMove {
  readonly model: string;
  readonly alias: string;
  /** Null: unset. */
  readonly version: number | null;
  readonly revision: number;
}

/** False when a later move of the alias is known. */
export async function moveAlias(tx: Queryable, { model, alias, version, revision }: AliasMove): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO experiments.aliases AS kept VALUES ($1, $2, $3, $4)
     ON CONFLICT (model, alias) DO UPDATE SET version = EXCLUDED.version, revision = EXCLUDED.revision WHERE kept.revision < EXCLUDED.revision
     RETURNING 1`,
    [model, alias, version, revision],
  );
  return rows.length > 0;
}

/** What the alias names; null where it is unset. */
export async function versionOf(db: Queryable, model: string, alias: string): Promise<number | null> {
  const [row] = await db.query<{ version: number | null }>('SELECT version FROM experiments.aliases WHERE model = $1 AND alias = $2', [
    model,
    alias,
  ]);
  return row?.version ?? null;
}
