import type { Queryable } from '@roofshot/storage/sql';
import type { Decision, Phase, PhaseState, Promotion } from './phase.ts';

const COLUMNS = `experiment, phase, scope, deployment, state, config_version AS "configVersion", started_at AS "startedAt", ends_at AS "endsAt",
  frozen, published_until AS "publishedUntil", decision, promotion, promotion_detail AS "promotionDetail"`;

export async function insertPhase(tx: Queryable, phase: Phase): Promise<void> {
  await tx.query(
    `INSERT INTO experiments.phases (experiment, phase, scope, deployment, state, config_version, started_at, ends_at, frozen, guarded, outcome_types)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      phase.experiment,
      phase.phase,
      phase.scope,
      phase.deployment,
      phase.state,
      phase.configVersion,
      phase.startedAt,
      phase.endsAt,
      JSON.stringify(phase.frozen),
      phase.frozen.spec.probation !== undefined,
      [...new Set(phase.frozen.metrics.map(({ spec }) => spec.source.outcome.eventType))],
    ],
  );
}

export async function latestPhase(db: Queryable, experiment: string): Promise<Phase | undefined> {
  const [row] = await db.query<Phase>(`SELECT ${COLUMNS} FROM experiments.phases WHERE experiment = $1 ORDER BY phase DESC LIMIT 1`, [
    experiment,
  ]);
  return row;
}

export async function runningPhases(db: Queryable): Promise<Phase[]> {
  return db.query<Phase>(`SELECT ${COLUMNS} FROM experiments.phases WHERE state = 'running' ORDER BY scope`);
}

export async function runningOn(db: Queryable, deployment: string): Promise<Phase | undefined> {
  const [row] = await db.query<Phase>(`SELECT ${COLUMNS} FROM experiments.phases WHERE state = 'running' AND deployment = $1`, [
    deployment,
  ]);
  return row;
}

/** Of each deployment, the phase that was started last: its probation rules are in force. */
export async function latestByDeployment(db: Queryable): Promise<Phase[]> {
  return db.query<Phase>(`SELECT DISTINCT ON (deployment) ${COLUMNS} FROM experiments.phases ORDER BY deployment, scope DESC`);
}

/** Ends a running phase, once: undefined when it no longer runs, and then nothing may follow from it. Its allocation gets a new version. */
export async function endPhase(
  tx: Queryable,
  { experiment, phase }: Pick<Phase, 'experiment' | 'phase'>,
  end: { readonly state: Exclude<PhaseState, 'running'>; readonly decision?: Decision; readonly promotion?: Promotion | undefined },
): Promise<Phase | undefined> {
  const { state, decision, promotion } = end;
  const [ended] = await tx.query<Phase>(
    `UPDATE experiments.phases SET state = $3, config_version = config_version + 1, decision = $4, promotion = $5
     WHERE experiment = $1 AND phase = $2 AND state = 'running' RETURNING ${COLUMNS}`,
    [experiment, phase, state, decision === undefined ? null : JSON.stringify(decision), promotion ?? null],
  );
  if (ended !== undefined) await tx.query('UPDATE experiments.scopes SET open = false WHERE id = $1', [ended.scope]);
  return ended;
}

/** True for the one caller that may publish what is known up to `until`. */
export async function claimPublication(tx: Queryable, { experiment, phase }: Phase, until: number): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE experiments.phases SET published_until = $3 WHERE experiment = $1 AND phase = $2 AND state = 'running'
       AND (published_until IS NULL OR published_until < $3) RETURNING 1`,
    [experiment, phase, until],
  );
  return rows.length > 0;
}

export async function orderedPromotions(tx: Queryable, model: string): Promise<Phase[]> {
  return tx.query<Phase>(
    `SELECT ${COLUMNS} FROM experiments.phases WHERE promotion = 'ordered' AND frozen ->> 'model' = $1 ORDER BY scope FOR UPDATE`,
    [model],
  );
}

export async function settlePromotion(
  tx: Queryable,
  { experiment, phase }: Phase,
  promotion: Exclude<Promotion, 'ordered'>,
  detail: string,
): Promise<void> {
  await tx.query('UPDATE experiments.phases SET promotion = $3, promotion_detail = $4 WHERE experiment = $1 AND phase = $2', [
    experiment,
    phase,
    promotion,
    detail,
  ]);
}
