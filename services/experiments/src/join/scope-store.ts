import type { Queryable } from '@roofshot/storage/sql';
import { compileScope, type Scope, type ScopeSpec } from './scope.ts';

export async function openScope(tx: Queryable, spec: ScopeSpec): Promise<number> {
  const [row] = await tx.query<{ id: number }>('INSERT INTO experiments.scopes (spec) VALUES ($1) RETURNING id', [JSON.stringify(spec)]);
  if (row === undefined) throw new Error('PostgreSQL answered no id for a new scope.');
  return row.id;
}

export async function closeScope(tx: Queryable, id: number): Promise<void> {
  await tx.query('UPDATE experiments.scopes SET open = false WHERE id = $1', [id]);
}

/** A deployment whose next promotion begins a probation, while none is open and no experiment runs. */
export interface Unguarded {
  readonly deployment: string;
  readonly outcomeTypes: readonly string[];
}

export interface InForce {
  readonly scopes: readonly Scope[];
  readonly unguarded: readonly Unguarded[];
}

const IN_FORCE = `SELECT
  (SELECT coalesce(json_agg(id ORDER BY id), '[]') FROM experiments.scopes WHERE open) AS ids,
  (SELECT coalesce(json_agg(json_build_object('deployment', deployment, 'outcomeTypes', outcome_types)), '[]') FROM (
     SELECT DISTINCT ON (deployment) deployment, outcome_types, guarded, state FROM experiments.phases ORDER BY deployment, scope DESC) AS latest
   WHERE guarded AND state <> 'running' AND NOT EXISTS (SELECT FROM experiments.probations AS p WHERE p.deployment = latest.deployment AND p.state = 'open')) AS unguarded`;

/** The open scopes. A scope never changes, so its expressions are compiled once; which are open is asked in every transaction. */
export class Scopes {
  readonly #known = new Map<number, Scope>();

  async open(tx: Queryable): Promise<readonly Scope[]> {
    return (await this.inForce(tx)).scopes;
  }

  /** The open scopes, and the deployments that a promotion would put on probation. */
  async inForce(tx: Queryable): Promise<InForce> {
    const [row] = await tx.query<{ ids: number[]; unguarded: Unguarded[] }>(IN_FORCE);
    const { ids = [], unguarded = [] } = row ?? {};
    return { scopes: await this.#compiled(tx, ids), unguarded };
  }

  async #compiled(tx: Queryable, ids: readonly number[]): Promise<Scope[]> {
    const missing = ids.filter((id) => !this.#known.has(id));
    if (missing.length > 0) await this.#load(tx, missing);
    return ids.flatMap((id) => this.#known.get(id) ?? []);
  }

  /** Closed scopes of which units are left that no phase holds. */
  async closedWithUnmatched(db: Queryable): Promise<number[]> {
    const rows = await db.query<{ id: number }>(
      `SELECT id FROM experiments.scopes WHERE NOT open AND EXISTS (SELECT FROM experiments.units WHERE scope = id AND NOT exposed) ORDER BY id`,
    );
    return rows.map(({ id }) => id);
  }

  async #load(db: Queryable, ids: readonly number[]): Promise<void> {
    const rows = await db.query<{ id: number; spec: ScopeSpec }>('SELECT id, spec FROM experiments.scopes WHERE id = ANY($1::bigint[])', [
      ids,
    ]);
    for (const { id, spec } of rows) this.#known.set(id, compileScope(id, spec));
  }
}
