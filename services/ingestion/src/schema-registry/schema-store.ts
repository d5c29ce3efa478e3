/** Schemas, the versions of subjects, and what subjects are set to. Rows only; the rules are in schema-registry.ts. */
import type { Queryable } from '@roofshot/storage/sql';
import type { CompatibilityLevel } from './compatibility-level.ts';
import type { SchemaReference, SchemaText, SchemaType } from './parse-schema.ts';

export interface StoredSchema extends SchemaText {
  readonly id: number;
}

/** A schema as a version of a subject. */
export interface StoredVersion extends StoredSchema {
  readonly subject: string;
  readonly version: number;
  /** Hidden, and brought back by nothing but a look that asks for it; its schema can still be read by id. */
  readonly deleted: boolean;
}

export const MODES = ['READWRITE', 'READONLY', 'IMPORT'] as const;
/** READONLY: nothing is registered or deleted. IMPORT: schemas come with their ids, unchecked. */
export type RegistryMode = (typeof MODES)[number];

export interface Settings {
  readonly compatibility: CompatibilityLevel | null;
  readonly mode: RegistryMode | null;
}

/** Settings that hold where a subject has none of its own. */
export const GLOBAL = '';

interface SchemaRow {
  readonly id: number;
  readonly type: SchemaType;
  readonly text: string;
  readonly refs: readonly SchemaReference[];
}
type VersionRow = SchemaRow & Pick<StoredVersion, 'subject' | 'version' | 'deleted'>;

const VERSION = `SELECT v.subject, v.version, v.deleted, s.id, s.type, s.text, s.refs
  FROM ingestion.registry_versions v JOIN ingestion.registry_schemas s ON s.id = v.schema_id`;

const schemaOf = ({ refs, ...row }: SchemaRow): StoredSchema => ({ ...row, references: refs });
const versionOf = ({ refs, ...row }: VersionRow): StoredVersion => ({ ...row, references: refs });

export class SchemaStore {
  readonly #sql: Queryable;

  constructor(sql: Queryable) {
    this.#sql = sql;
  }

  /** Until the end of the transaction nobody else changes the registry: changes are few, and ids follow each other. */
  async lock(): Promise<void> {
    await this.#sql.query(`SELECT pg_advisory_xact_lock(hashtextextended('roofshot schema registry', 0))`);
  }

  /** Ascending, deleted ones among them. */
  async versionsOf(subject: string): Promise<StoredVersion[]> {
    const rows = await this.#sql.query<VersionRow>(`${VERSION} WHERE v.subject = $1 ORDER BY v.version`, [subject]);
    return rows.map(versionOf);
  }

  async version(subject: string, version: number): Promise<StoredVersion | undefined> {
    const [row] = await this.#sql.query<VersionRow>(`${VERSION} WHERE v.subject = $1 AND v.version = $2`, [subject, version]);
    return row === undefined ? undefined : versionOf(row);
  }

  /** Of all subjects, by name. */
  async subjects(): Promise<{ subject: string; isDeleted: boolean }[]> {
    return this.#sql.query(
      `SELECT subject, bool_and(deleted) AS "isDeleted" FROM ingestion.registry_versions GROUP BY subject ORDER BY subject COLLATE "C"`,
    );
  }

  /** Undefined when no version has it any more. */
  async schema(id: number): Promise<StoredSchema | undefined> {
    const [row] = await this.#sql.query<SchemaRow>(
      `SELECT id, type, text, refs FROM ingestion.registry_schemas s
       WHERE id = $1 AND EXISTS (SELECT FROM ingestion.registry_versions v WHERE v.schema_id = s.id)`,
      [id],
    );
    return row === undefined ? undefined : schemaOf(row);
  }

  async versionsWith(id: number): Promise<{ subject: string; version: number; deleted: boolean }[]> {
    return this.#sql.query(
      `SELECT subject, version, deleted FROM ingestion.registry_versions WHERE schema_id = $1 ORDER BY subject COLLATE "C", version`,
      [id],
    );
  }

  /** Ids of the schemas that refer to a version. */
  async referencesTo(subject: string, version: number): Promise<number[]> {
    const rows = await this.#sql.query<{ id: number }>(
      `SELECT id FROM ingestion.registry_schemas s
       WHERE EXISTS (SELECT FROM ingestion.registry_versions v WHERE v.schema_id = s.id)
         AND EXISTS (SELECT FROM json_array_elements(refs) r WHERE r->>'subject' = $1 AND (r->>'version')::int = $2)
       ORDER BY id`,
      [subject, version],
    );
    return rows.map(({ id }) => id);
  }

  async idOf(fingerprint: Buffer): Promise<number | undefined> {
    const [row] = await this.#sql.query<{ id: number }>(`SELECT id FROM ingestion.registry_schemas WHERE fingerprint = $1`, [fingerprint]);
    return row?.id;
  }

  /** Whether an id has been given, if only to a schema that no version has any more. */
  async isTaken(id: number): Promise<boolean> {
    const rows = await this.#sql.query(`SELECT FROM ingestion.registry_schemas WHERE id = $1`, [id]);
    return rows.length > 0;
  }

  /** Under the given id, or the next. Schemas are never taken away, so no id is given twice. Under the lock only. */
  async addSchema({ type, text, references }: SchemaText, fingerprint: Buffer, id?: number): Promise<number> {
    const [row] = await this.#sql.query<{ id: number }>(
      `INSERT INTO ingestion.registry_schemas (id, type, text, refs, fingerprint)
       SELECT coalesce($1::int, max(id) + 1, 1), $2, $3, $4::json, $5 FROM ingestion.registry_schemas RETURNING id`,
      [id ?? null, type, text, JSON.stringify(references), fingerprint],
    );
    if (row === undefined) throw new Error('PostgreSQL kept a schema and told no id of it.');
    return row.id;
  }

  async addVersion(subject: string, version: number, schemaId: number): Promise<void> {
    await this.#sql.query(`INSERT INTO ingestion.registry_versions (subject, version, schema_id) VALUES ($1, $2, $3)`, [
      subject,
      version,
      schemaId,
    ]);
  }

  async hide(subject: string, versions: readonly number[]): Promise<void> {
    await this.#sql.query(`UPDATE ingestion.registry_versions SET deleted = true WHERE subject = $1 AND version = ANY($2::int[])`, [
      subject,
      versions,
    ]);
  }

  async remove(subject: string, versions: readonly number[]): Promise<void> {
    await this.#sql.query(`DELETE FROM ingestion.registry_versions WHERE subject = $1 AND version = ANY($2::int[])`, [subject, versions]);
  }

  /** What the event type in force says of its data; undefined where no such type is declared. */
  async declaredSchema(type: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const [row] = await this.#sql.query<{ schema: Readonly<Record<string, unknown>> }>(
      `SELECT spec->'schema' AS schema FROM ingestion.resources WHERE kind = 'EventType' AND name = $1 AND NOT deleted`,
      [type],
    );
    return row?.schema;
  }

  async settings(subject: string): Promise<Settings> {
    const [row] = await this.#sql.query<Settings>(`SELECT compatibility, mode FROM ingestion.registry_settings WHERE subject = $1`, [
      subject,
    ]);
    return row ?? { compatibility: null, mode: null };
  }

  async changeSettings(subject: string, change: Partial<Settings>): Promise<void> {
    const { compatibility, mode } = { ...(await this.settings(subject)), ...change };
    await this.#sql.query(
      `INSERT INTO ingestion.registry_settings (subject, compatibility, mode) VALUES ($1, $2, $3)
       ON CONFLICT (subject) DO UPDATE SET compatibility = excluded.compatibility, mode = excluded.mode`,
      [subject, compatibility, mode],
    );
  }
}
