/**
 * Which subjects were erased, and until when: so that what lies on the log from before does not build them up again. A subject is kept
 * as a keyed hash; what became known after its erasure is of a new one of that name.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { MigrationClass } from './migrate.ts';
import { schemaName } from './schema-name.ts';
import { CreateHashSecret1700000000101, openSecretHash, type SecretHash } from './secret-hash.ts';
import type { Queryable } from './sql.ts';

/** `revision`: readers ask for what they have not seen. `event_type`: empty for all of them. Times are epoch milliseconds. */
class CreateErasedSubjects1700000000102 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SEQUENCE erased_subjects_revision');
    await runner.query(`CREATE TABLE erased_subjects (
      subject_hash bytea NOT NULL,
      event_type text NOT NULL,
      erased_at bigint NOT NULL,
      revision bigint NOT NULL UNIQUE,
      PRIMARY KEY (subject_hash, event_type)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE erased_subjects');
    await runner.query('DROP SEQUENCE erased_subjects_revision');
  }
}

/** Of a service that folds events into state of subjects; put them before its own. */
export const erasedSubjectsMigrations: readonly MigrationClass[] = [CreateHashSecret1700000000101, CreateErasedSubjects1700000000102];

export interface Erasure {
  readonly subject: string;
  /** Absent: events of every type. */
  readonly types?: readonly string[] | undefined;
  /** Epoch milliseconds of known time. */
  readonly until: number;
}

/** Whether what became known then (epoch milliseconds) of a subject by an event of that type was erased. */
export type IsErased = (subject: string, eventType: string, known: number) => boolean;

/** The one that is answered while nobody was erased: whoever pays for the question may compare. */
export const nobodyErased: IsErased = () => false;
const ALL_TYPES = '';

interface Row {
  readonly hash: string;
  readonly event_type: string;
  readonly erased_at: number;
  readonly revision: number;
}

export class ErasedSubjects {
  readonly #schema: string;
  readonly #table: string;
  /** By hash and event type. */
  readonly #known = new Map<string, number>();
  #revision = 0;
  #hash: SecretHash | undefined;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#schema = schemaName(schema);
    this.#table = `${this.#schema}.erased_subjects`;
  }

  /**
   * Writes an erasure down. Call it first in the transaction that erases: it waits for every transaction that has called `read`, and those
   * that do so from now on wait for its end. So none of them can bring back what is being erased.
   */
  async record(tx: Queryable, { subject, types = [ALL_TYPES], until }: Erasure): Promise<void> {
    const hash = (this.#hash ??= await openSecretHash(tx, this.#schema));
    await tx.query(`LOCK TABLE ${this.#table} IN ACCESS EXCLUSIVE MODE`);
    await tx.query(
      `INSERT INTO ${this.#table} AS kept (subject_hash, event_type, erased_at, revision)
       SELECT $1, t, $3, nextval('${this.#table}_revision') FROM unnest($2::text[]) AS t
       ON CONFLICT (subject_hash, event_type) DO UPDATE SET erased_at = greatest(kept.erased_at, excluded.erased_at), revision = excluded.revision`,
      [hash(subject), types, until],
    );
  }

  /** What was erased so far. In a transaction that changes state of subjects: before it touches any, so that `record` waits for its end. */
  async read(db: Queryable): Promise<IsErased> {
    const rows = await db.query<Row>(
      `SELECT encode(subject_hash, 'hex') AS hash, event_type, erased_at, revision FROM ${this.#table} WHERE revision > $1 ORDER BY revision`,
      [this.#revision],
    );
    for (const { hash, event_type, erased_at, revision } of rows) {
      this.#known.set(`${hash} ${event_type}`, erased_at);
      this.#revision = Math.max(this.#revision, revision);
    }
    if (this.#known.size === 0) return nobodyErased;
    const hash = (this.#hash ??= await openSecretHash(db, this.#schema));
    return (subject, eventType, known) => {
      const name = hash(subject).toString('hex');
      return known <= Math.max(this.#known.get(`${name} ${ALL_TYPES}`) ?? -Infinity, this.#known.get(`${name} ${eventType}`) ?? -Infinity);
    };
  }
}

/**
 * Takes messages of a subject out of the service's parked ones and its dead letters: by their key, on topics for which `isMeant`. Answers
 * how many. `schema`: the service's own.
 */
export async function eraseUndelivered(
  tx: Queryable,
  schema: string,
  subject: string,
  isMeant: (topic: string) => boolean = () => true,
): Promise<number> {
  const own = schemaName(schema);
  const topics = await tx.query<{ topic: string }>(
    `SELECT topic FROM ${own}.parked_messages WHERE key = $1 UNION SELECT topic FROM ${own}.parked_keys WHERE key = $1
     UNION SELECT topic FROM ${own}.dead_letters WHERE key = $1`,
    [subject],
  );
  const meant = topics.map(({ topic }) => topic).filter(isMeant);
  if (meant.length === 0) return 0;
  const gone = await tx.query(
    `WITH letters AS (DELETE FROM ${own}.dead_letters WHERE key = $1 AND topic = ANY($2) RETURNING 1)
     , parked AS (DELETE FROM ${own}.parked_messages WHERE key = $1 AND topic = ANY($2) RETURNING 1)
     SELECT FROM letters UNION ALL SELECT FROM parked`,
    [subject, meant],
  );
  await tx.query(`DELETE FROM ${own}.parked_keys WHERE key = $1 AND topic = ANY($2)`, [subject, meant]);
  return gone.length;
}
