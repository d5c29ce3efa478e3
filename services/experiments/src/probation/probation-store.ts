import type { Queryable } from '@roofshot/storage/sql';
import type { Breach, Looked, Probation } from './probation.ts';

const COLUMNS = 'scope, experiment, deployment, state, frozen, looked, breach';

export async function insertProbation(tx: Queryable, { scope, experiment, deployment, frozen, looked }: Probation): Promise<void> {
  await tx.query(
    `INSERT INTO experiments.probations (scope, experiment, deployment, state, frozen, looked) VALUES ($1, $2, $3, 'open', $4, $5)`,
    [scope, experiment, deployment, JSON.stringify(frozen), JSON.stringify(looked)],
  );
}

export async function openProbations(db: Queryable): Promise<Probation[]> {
  return db.query<Probation>(`SELECT ${COLUMNS} FROM experiments.probations WHERE state = 'open' ORDER BY scope`);
}

export async function latestProbation(db: Queryable, experiment: string): Promise<Probation | undefined> {
  const [row] = await db.query<Probation>(
    `SELECT ${COLUMNS} FROM experiments.probations WHERE experiment = $1 ORDER BY scope DESC LIMIT 1`,
    [experiment],
  );
  return row;
}

/** Oldest first. */
export async function breachesOf(db: Queryable, experiment: string): Promise<Breach[]> {
  const rows = await db.query<{ breach: Breach }>(
    'SELECT breach FROM experiments.probations WHERE experiment = $1 AND breach IS NOT NULL ORDER BY scope',
    [experiment],
  );
  return rows.map(({ breach }) => breach);
}

/** Ends the open probation of a deployment, whichever it is. */
export async function endOpenProbation(tx: Queryable, deployment: string, state: 'superseded' | 'rolled-back'): Promise<void> {
  await tx.query(
    `WITH ended AS (UPDATE experiments.probations SET state = $2 WHERE deployment = $1 AND state = 'open' RETURNING scope)
     UPDATE experiments.scopes SET open = false WHERE id IN (SELECT scope FROM ended)`,
    [deployment, state],
  );
}

/** Ends an open probation by a breach, once: false when it is no longer open, and then nothing may follow. */
export async function endByBreach(tx: Queryable, scope: number, breach: Breach, looked: Looked): Promise<boolean> {
  const rows = await tx.query(
    `WITH ended AS (UPDATE experiments.probations SET state = 'breached', breach = $2, looked = $3 WHERE scope = $1 AND state = 'open' RETURNING scope)
     UPDATE experiments.scopes SET open = false WHERE id IN (SELECT scope FROM ended) RETURNING 1`,
    [scope, JSON.stringify(breach), JSON.stringify(looked)],
  );
  return rows.length > 0;
}

export async function saveLooked(db: Queryable, scope: number, looked: Looked): Promise<void> {
  await db.query(`UPDATE experiments.probations SET looked = $2 WHERE scope = $1 AND state = 'open'`, [scope, JSON.stringify(looked)]);
}
