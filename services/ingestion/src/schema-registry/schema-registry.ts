/** The registry's rules: what may be registered, found, compared and deleted. Its errors and codes are Confluent's. */
import type { Queryable, Sql } from '@roofshot/storage/sql';
import { checkCompatibility, describeIncompatibility, type EarlierVersion, type VersionIncompatibility } from './check-compatibility.ts';
import type { CompatibilityLevel } from './compatibility-level.ts';
import { refuseDeclared } from './declared-subjects.ts';
import { fingerprintOf, parseKnownSchema, parseSchema, type ParsedSchema, type SchemaReference, type SchemaText } from './parse-schema.ts';
import { registryError, schemaNotFound, subjectNotFound, versionNotFound } from './registry-errors.ts';
import { refuseUnlessWritable, settingsOf } from './registry-settings.ts';
import { resolveReferences } from './resolve-references.ts';
import { SchemaStore, type StoredSchema, type StoredVersion } from './schema-store.ts';

export type VersionName = number | 'latest';

/** `version` of a reference: -1 means the latest. */
export interface SchemaRequest extends SchemaText {
  /** In mode IMPORT only. */
  readonly id?: number;
  readonly version?: number;
}

export class SchemaRegistry {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Answers the id. A schema that a version of the subject has already is not registered again. Throws 409 with every reason when it is
   * not compatible, 42201 when it is no schema, 42205 when the mode forbids it.
   */
  register(subject: string, request: SchemaRequest): Promise<number> {
    return changeRegistry(this.#sql, async (store) => {
      const schema = await withVersions(store, request);
      const parsed = await parseWith(store, schema);
      const { mode, compatibility } = await settingsOf(store, subject);
      refuseUnlessWritable(subject, mode);
      if (schema.id !== undefined && mode !== 'IMPORT') throw notImporting(subject);
      const versions = await store.versionsOf(subject);
      const known = await store.idOf(fingerprintOf(schema));
      if (versions.some(({ id, deleted }) => id === known && !deleted)) return sameId(known, schema.id);
      await refuseDeclared(store, subject);
      if (mode !== 'IMPORT') await refuseIncompatible(store, { parsed, versions, compatibility });
      return this.#add(store, subject, { schema, known, versions });
    });
  }

  async #add(store: SchemaStore, subject: string, { schema, known, versions }: Addition): Promise<number> {
    const id = known === undefined ? await addSchema(store, schema) : sameId(known, schema.id);
    const next = Math.max(0, ...versions.map(({ version }) => version)) + 1;
    const version = schema.version ?? next;
    if (version < next) throw registryError(42205, `Version ${version} of ${subject} is taken: send ${next} or more, or none.`);
    await store.addVersion(subject, version, id);
    return id;
  }

  /** The version of the subject that has this schema, newest first. Throws 40401 or 40403. */
  async lookUp(subject: string, request: SchemaRequest, withDeleted: boolean): Promise<StoredVersion> {
    const store = new SchemaStore(this.#sql);
    const versions = (await store.versionsOf(subject)).filter(({ deleted }) => withDeleted || !deleted);
    if (versions.length === 0) throw subjectNotFound(subject);
    const schema = await withVersions(store, request);
    await parseWith(store, schema);
    const id = await store.idOf(fingerprintOf(schema));
    const found = versions.findLast((version) => version.id === id);
    if (found === undefined) throw schemaNotFound();
    return found;
  }

  /**
   * Every incompatibility of a schema with the version, or with those that the subject's level asks about. A subject without versions
   * is compatible with everything. Throws 40401 or 40402 where a version is named by its number and not there.
   */
  async check(subject: string, request: SchemaRequest, name?: VersionName): Promise<VersionIncompatibility[]> {
    const store = new SchemaStore(this.#sql);
    const schema = await withVersions(store, request);
    const parsed = await parseWith(store, schema);
    const versions = typeof name === 'number' ? [await this.version(subject, name)] : await liveVersions(store, subject, name);
    const { compatibility } = await settingsOf(store, subject);
    return checkCompatibility(parsed, await earlierOf(store, versions), compatibility);
  }

  /** Throws 40401 or 40402. */
  async version(subject: string, name: VersionName, withDeleted = false): Promise<StoredVersion> {
    const versions = await this.versions(subject, withDeleted);
    const found = name === 'latest' ? versions.at(-1) : versions.find(({ version }) => version === name);
    if (found === undefined) throw versionNotFound(name);
    return found;
  }

  /** Ascending. Throws 40401. */
  async versions(subject: string, withDeleted: boolean): Promise<StoredVersion[]> {
    const versions = (await new SchemaStore(this.#sql).versionsOf(subject)).filter(({ deleted }) => withDeleted || !deleted);
    if (versions.length === 0) throw subjectNotFound(subject);
    return versions;
  }

  async subjects(prefix: string, withDeleted: boolean): Promise<string[]> {
    const subjects = await new SchemaStore(this.#sql).subjects();
    return subjects
      .filter(({ subject, isDeleted }) => subject.startsWith(prefix) && (withDeleted || !isDeleted))
      .map(({ subject }) => subject);
  }

  /** Throws 40403. Deleted versions keep their schema readable: data that were written with it are still there. */
  async schema(id: number): Promise<StoredSchema> {
    const found = await new SchemaStore(this.#sql).schema(id);
    if (found === undefined) throw registryError(40403, `Schema ${id} not found. No version of any subject has it.`);
    return found;
  }

  async versionsWith(id: number, withDeleted: boolean): Promise<{ subject: string; version: number }[]> {
    await this.schema(id);
    const versions = await new SchemaStore(this.#sql).versionsWith(id);
    return versions.filter(({ deleted }) => withDeleted || !deleted).map(({ subject, version }) => ({ subject, version }));
  }

  async referencesTo(subject: string, name: VersionName): Promise<number[]> {
    const { version } = await this.version(subject, name, true);
    return new SchemaStore(this.#sql).referencesTo(subject, version);
  }
}

interface Addition {
  readonly schema: SchemaRequest;
  /** The id that the schema has already. */
  readonly known: number | undefined;
  readonly versions: readonly StoredVersion[];
}

/** Runs in one transaction, alone in the registry. */
export function changeRegistry<T>(sql: Sql, work: (store: SchemaStore) => Promise<T>): Promise<T> {
  return sql.transaction(async (tx: Queryable) => {
    const store = new SchemaStore(tx);
    await store.lock();
    return work(store);
  });
}

async function addSchema(store: SchemaStore, schema: SchemaRequest): Promise<number> {
  const { id } = schema;
  if (id !== undefined && (await store.isTaken(id))) {
    throw registryError(42207, `Id ${id} belongs to another schema. Import under the id that the schema had, into an empty registry.`);
  }
  return store.addSchema(schema, fingerprintOf(schema), id);
}

function sameId(known: number | undefined, asked: number | undefined): number {
  if (known === undefined) throw schemaNotFound();
  if (asked === undefined || asked === known) return known;
  throw registryError(42207, `The schema has the id ${known} already, not ${asked}: one schema has one id. Leave the id out.`);
}

const notImporting = (subject: string): Error =>
  registryError(42205, `Subject ${subject} is not in import mode: leave the id out, or PUT /mode/${subject} {"mode": "IMPORT"} first.`);

/** References to the latest name the version that this is now. */
async function withVersions(store: SchemaStore, request: SchemaRequest): Promise<SchemaRequest> {
  const references: SchemaReference[] = [];
  for (const reference of request.references) {
    const versions = reference.version === -1 ? (await store.versionsOf(reference.subject)).filter(({ deleted }) => !deleted) : [];
    references.push({ ...reference, version: versions.at(-1)?.version ?? reference.version });
  }
  return { ...request, references };
}

async function parseWith(store: SchemaStore, schema: SchemaText): Promise<ParsedSchema> {
  return parseSchema(schema, await resolveReferences(store, schema.references));
}

async function liveVersions(store: SchemaStore, subject: string, name: 'latest' | undefined): Promise<StoredVersion[]> {
  const live = (await store.versionsOf(subject)).filter(({ deleted }) => !deleted);
  return name === 'latest' ? live.slice(-1) : live;
}

async function earlierOf(store: SchemaStore, versions: readonly StoredVersion[]): Promise<EarlierVersion[]> {
  const earlier: EarlierVersion[] = [];
  for (const one of versions) {
    if (one.deleted) continue;
    earlier.push({ version: one.version, schema: parseKnownSchema(one, await resolveReferences(store, one.references)) });
  }
  return earlier;
}

interface Proposed {
  readonly parsed: ParsedSchema;
  readonly versions: readonly StoredVersion[];
  readonly compatibility: CompatibilityLevel;
}

async function refuseIncompatible(store: SchemaStore, { parsed, versions, compatibility }: Proposed): Promise<void> {
  const found = checkCompatibility(parsed, await earlierOf(store, versions), compatibility);
  if (found.length === 0) return;
  const reasons = found.map((one, index) => `(${index + 1}) ${describeIncompatibility(one)}`).join(' ');
  throw registryError(
    409,
    `The schema is not compatible with what is registered (level ${compatibility}). ${found.length} ${found.length === 1 ? 'reason' : 'reasons'}: ${reasons} Nothing was registered.`,
  );
}
