import type { Resource } from '@roofshot/contracts/define';
import type { Queryable } from '@roofshot/storage/sql';

/** A resource that is kept, with its generation. */
export interface Declared<S = unknown, T = unknown> extends Resource<string, S, T> {
  readonly generation: number;
}

/** A row as the writer needs it: deleted ones too, since the generation goes on. */
export interface Kept {
  readonly resource: Declared;
  readonly deleted: boolean;
}

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly generation: number;
  readonly metadata: Declared['metadata'];
  readonly spec: unknown;
  readonly status: unknown;
  readonly deleted: boolean;
}

/** The rows of one service's table `resources`. Every method runs in the transaction, or on the database, that it is given. */
export class ResourceStore {
  readonly #schema: string;

  /** `schema`: of the service, already proven a name. */
  constructor(schema: string) {
    this.#schema = schema;
  }

  /** Until the transaction ends nobody else changes resources of this service; with `shared`, others may read and check as well. */
  async lock(tx: Queryable, { shared }: { readonly shared: boolean }): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock${shared ? '_shared' : ''}(hashtextextended($1, 0))`, [
      `roofshot resources ${this.#schema}`,
    ]);
  }

  async find(db: Queryable, kind: string, name: string): Promise<Kept | undefined> {
    const [row] = await db.query<Row>(`SELECT * FROM ${this.#schema}.resources WHERE kind = $1 AND name = $2`, [kind, name]);
    return row === undefined ? undefined : { resource: resourceOf(row), deleted: row.deleted };
  }

  /** Those that are not deleted, by name. */
  async list(db: Queryable, kind: string): Promise<Declared[]> {
    const rows = await db.query<Row>(`SELECT * FROM ${this.#schema}.resources WHERE kind = $1 AND NOT deleted ORDER BY name COLLATE "C"`, [
      kind,
    ]);
    return rows.map(resourceOf);
  }

  /** Keeps the status that is there, except where the resource comes back from the dead. */
  async write(tx: Queryable, { kind, metadata, generation, spec }: Declared): Promise<void> {
    await tx.query(
      `INSERT INTO ${this.#schema}.resources AS kept (kind, name, generation, metadata, spec, updated_at)
       VALUES ($1, $2, $3, $4, $5, now())
       ON CONFLICT (kind, name) DO UPDATE SET generation = EXCLUDED.generation, metadata = EXCLUDED.metadata, spec = EXCLUDED.spec,
         status = CASE WHEN kept.deleted THEN NULL ELSE kept.status END, deleted = false, updated_at = EXCLUDED.updated_at`,
      [kind, metadata.name, generation, JSON.stringify(metadata), JSON.stringify(spec)],
    );
  }

  async delete(tx: Queryable, kind: string, name: string): Promise<void> {
    await tx.query(`UPDATE ${this.#schema}.resources SET deleted = true, updated_at = now() WHERE kind = $1 AND name = $2`, [kind, name]);
  }

  /** False when there is no such resource. */
  async setStatus(tx: Queryable, kind: string, name: string, status: unknown): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE ${this.#schema}.resources SET status = $3, updated_at = now() WHERE kind = $1 AND name = $2 AND NOT deleted RETURNING name`,
      [kind, name, JSON.stringify(status)],
    );
    return rows.length > 0;
  }
}

function resourceOf({ kind, metadata, spec, status, generation }: Row): Declared {
  return { apiVersion: 'roofshot/v1', kind, metadata, spec, ...(status !== null && { status }), generation };
}
