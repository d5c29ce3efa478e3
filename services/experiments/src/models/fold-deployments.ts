import type { EventsOf } from '@roofshot/contracts/define';
import type { deployments } from '@roofshot/contracts/deployments';
import type { DeploymentSpec } from '@roofshot/contracts/resources/deployment';
import type { EventBatch, Tx } from '@roofshot/messaging/handlers';
import type { Queryable } from '@roofshot/storage/sql';

/** Endpoints as they are declared: which variants there are, and which alias each answers by. */
export async function foldDeployments({ events }: EventBatch<EventsOf<typeof deployments>>, tx: Tx): Promise<void> {
  for (const event of events) {
    if (event.type !== 'deployment.changed') continue;
    const { name, generation, deleted, spec } = event.data;
    await tx.query(
      `INSERT INTO experiments.deployments AS kept VALUES ($1, $2, $3, $4)
       ON CONFLICT (name) DO UPDATE SET generation = EXCLUDED.generation, deleted = EXCLUDED.deleted, spec = EXCLUDED.spec
       WHERE kept.generation <= EXCLUDED.generation`,
      [name, generation, deleted, JSON.stringify(spec)],
    );
  }
}

export async function findDeployment(db: Queryable, name: string): Promise<DeploymentSpec | undefined> {
  const [row] = await db.query<{ spec: DeploymentSpec }>('SELECT spec FROM experiments.deployments WHERE name = $1 AND NOT deleted', [
    name,
  ]);
  return row?.spec;
}

export async function listDeployments(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ name: string }>('SELECT name FROM experiments.deployments WHERE NOT deleted ORDER BY name');
  return rows.map(({ name }) => name);
}
