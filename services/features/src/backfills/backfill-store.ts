/** Changed views that are computed beside the ones in force: a row for each view, of its newest change. */
import type { BackfillReport, BackfillState } from '@roofshot/contracts/features';
import type { FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Queryable } from '@roofshot/storage/sql';
import type { Static } from 'typebox';

export type State = Static<typeof BackfillState>;
export type Report = Static<typeof BackfillReport>;

export interface Backfill {
  readonly view: string;
  /** What is computed. */
  readonly generation: number;
  readonly spec: FeatureViewSpec;
  /** Rises with each change of this row's generation. */
  readonly revision: number;
  /** What answers until then. */
  readonly from: number;
  readonly fromSpec: FeatureViewSpec;
  readonly state: State;
  readonly report: Report | null;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}

const COLUMNS = `view, generation, spec, revision, from_generation AS "from", from_spec AS "fromSpec", state, report,
  started_at AS "startedAt", finished_at AS "finishedAt"`;

export async function readBackfills(db: Queryable): Promise<Map<string, Backfill>> {
  const rows = await db.query<Backfill>(`SELECT ${COLUMNS} FROM features.backfills ORDER BY view`);
  return new Map(rows.map((row) => [row.view, row]));
}

export async function findBackfill(db: Queryable, view: string): Promise<Backfill | undefined> {
  const [row] = await db.query<Backfill>(`SELECT ${COLUMNS} FROM features.backfills WHERE view = $1`, [view]);
  return row;
}

export interface NewBackfill {
  readonly view: string;
  readonly generation: number;
  readonly spec: FeatureViewSpec;
  readonly from: number;
  readonly fromSpec: FeatureViewSpec;
}

/** In place of one of an earlier generation. */
export async function insertBackfill(tx: Queryable, { view, generation, spec, from, fromSpec }: NewBackfill): Promise<void> {
  await tx.query(
    `INSERT INTO features.backfills (view, generation, spec, revision, from_generation, from_spec, state, started_at)
     VALUES ($1, $2, $3, 0, $4, $5, 'running', now())
     ON CONFLICT (view) DO UPDATE SET generation = excluded.generation, spec = excluded.spec, revision = 0, from_generation = excluded.from_generation,
       from_spec = excluded.from_spec, state = excluded.state, report = NULL, started_at = now(), finished_at = NULL`,
    [view, generation, JSON.stringify(spec), from, JSON.stringify(fromSpec)],
  );
}

export async function deleteBackfill(tx: Queryable, view: string): Promise<void> {
  await tx.query('DELETE FROM features.backfills WHERE view = $1', [view]);
}

export interface Step {
  readonly view: string;
  readonly generation: number;
  readonly before: readonly State[];
  readonly state: State;
  readonly report?: Report;
}

/** Undefined when it is of another generation or in another state by now. A report stays unless another is given. */
export async function stepBackfill(tx: Queryable, { view, generation, before, state, report }: Step): Promise<Backfill | undefined> {
  const [row] = await tx.query<Backfill>(
    `UPDATE features.backfills SET state = $4, revision = revision + 1, report = coalesce($5::json, report),
       finished_at = CASE WHEN $4 IN ('switched', 'cancelled') THEN now() END
     WHERE view = $1 AND generation = $2 AND state = ANY($3::text[]) RETURNING ${COLUMNS}`,
    [view, generation, before, state, report === undefined ? null : JSON.stringify(report)],
  );
  return row;
}
