import type { MigrationInterface, QueryRunner } from 'typeorm';
import { migrate } from './migrate.ts';
import { MARK, markRow, newestPerKey, NOBODYS } from './online-row.ts';
import { OtherStore, type OnlineIdentity, type OnlineKey, type OnlineRow, type OnlineStore } from './online-store.ts';
import type { Sql } from './sql.ts';
import { StoreWatch, type StoreWatchOptions, type Way } from './store-watch.ts';

const SCHEMA = 'online';
/** One that nobody asks is looked at so often. */
const LOOK_MS = 2_000;

export interface PostgresOnlineStoreOptions {
  /** It is a database of its own, of which nobody else tells that it is away. */
  readonly watched?: Pick<StoreWatchOptions, 'onTrouble'> | undefined;
}

/** Rows are overwritten all the time: free room on each page lets PostgreSQL do that in place, without touching the index. */
class CreateOnlineRows1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE rows (
        view text NOT NULL,
        entity text NOT NULL,
        event_time bigint NOT NULL,
        known_time bigint NOT NULL,
        version bigint NOT NULL,
        value text,
        PRIMARY KEY (view, entity)
      ) WITH (fillfactor = 60)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rows');
  }
}

const RUN = 'extract(epoch FROM pg_postmaster_start_time())::text';

/**
 * `synchronous_commit` is off for this one statement: the rows are a projection, and waiting for the disk would cost every batch a
 * flush. The conditions are evaluated once, before the first row. $7 and $8: the mark and
 * the run that are meant, or null.
 */
const PUT = `
WITH same AS MATERIALIZED (
  SELECT WHERE $7::text IS NULL
    OR ${RUN} = $8::text AND EXISTS (SELECT FROM online.rows WHERE view = '${MARK.view}' AND entity = '${MARK.entity}' AND value = $7)),
put AS (INSERT INTO online.rows AS r
SELECT u.* FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
  AS u(view, entity, event_time, known_time, version, value)
WHERE EXISTS (SELECT FROM same) AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'
ON CONFLICT (view, entity) DO UPDATE
SET event_time = excluded.event_time, known_time = excluded.known_time, version = excluded.version, value = excluded.value
WHERE (excluded.event_time, excluded.known_time, excluded.version) > (r.event_time, r.known_time, r.version))
SELECT EXISTS (SELECT FROM same) AS same`;

const GET = `
SELECT k.rank, r.event_time AS "eventTime", r.known_time AS "knownTime", r.version, r.value
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(view, entity, rank)
JOIN online.rows r ON r.view = k.view AND r.entity = k.entity`;

type Found = Omit<OnlineRow, 'view' | 'entity'> & { rank: number };

/** The online store in PostgreSQL: one statement, hence one round trip, per call. It has no cache, because a cache could answer what is no longer the newest. */
export class PostgresOnlineStore implements OnlineStore {
  readonly #sql: Sql;
  readonly #watch: StoreWatch | undefined;

  private constructor(sql: Sql, watched: PostgresOnlineStoreOptions['watched']) {
    this.#sql = sql;
    this.#watch = watched && new StoreWatch({ look: (way) => this.#look(way), lookMs: LOOK_MS, ...watched });
  }

  /** Makes the table when absent. The store closes `sql` with itself. */
  static async open(sql: Sql, { watched }: PostgresOnlineStoreOptions = {}): Promise<PostgresOnlineStore> {
    await migrate(sql, SCHEMA, [CreateOnlineRows1700000000001]);
    const store = new PostgresOnlineStore(sql, watched);
    store.#watch?.start();
    return store;
  }

  async put(rows: readonly OnlineRow[], during?: OnlineIdentity): Promise<void> {
    const sorted = newestPerKey(rows);
    if (sorted.length === 0) return;
    const [put] = await this.#ask<{ same: boolean }>('write', PUT, [
      sorted.map(({ view }) => view),
      sorted.map(({ entity }) => entity),
      sorted.map(({ eventTime }) => eventTime),
      sorted.map(({ knownTime }) => knownTime),
      sorted.map(({ version }) => version),
      sorted.map(({ value }) => value),
      during === undefined ? null : markRow(during.mark).value,
      during?.run ?? null,
    ]);
    if (put?.same === false) throw new OtherStore();
  }

  async identify(fresh: string): Promise<OnlineIdentity> {
    const [held] = await this.get([MARK]);
    if (held === undefined) await this.put([markRow(fresh)]);
    const [found] = await this.#ask<{ value: string; run: string }>(
      'read',
      `SELECT value, ${RUN} AS run FROM online.rows WHERE view = $1 AND entity = $2`,
      [MARK.view, MARK.entity],
    );
    if (found === undefined) throw new OtherStore(); // emptied between the two
    return { mark: JSON.parse(found.value) as string, run: found.run };
  }

  async get(keys: readonly OnlineKey[]): Promise<(OnlineRow | undefined)[]> {
    const answer: (OnlineRow | undefined)[] = keys.map(() => undefined);
    if (keys.length === 0) return answer;
    const found = await this.#ask<Found>('read', GET, [keys.map(({ view }) => view), keys.map(({ entity }) => entity)]);
    for (const { rank, ...row } of found) {
      const key = keys[rank - 1];
      if (key !== undefined) answer[rank - 1] = { view: key.view, entity: key.entity, ...row };
    }
    return answer;
  }

  async forget(keys: readonly OnlineKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#ask(
      'write',
      `DELETE FROM online.rows r USING unnest($1::text[], $2::text[]) AS k(view, entity) WHERE r.view = k.view AND r.entity = k.entity`,
      [keys.map(({ view }) => view), keys.map(({ entity }) => entity)],
    );
  }

  waitingFor(): readonly string[] {
    return this.#watch?.waitingFor() ?? [];
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch?.close(), this.#sql.close()]);
  }

  async #look(way: Way): Promise<void> {
    if (way === 'read') await this.get([NOBODYS]);
    else await this.put([{ ...NOBODYS, eventTime: Date.now(), knownTime: 0, version: 0, value: null }]);
  }

  #ask<R>(way: Way, text: string, params: readonly unknown[]): Promise<R[]> {
    const query = (): Promise<R[]> => this.#sql.query<R>(text, params);
    return this.#watch === undefined ? query() : this.#watch.hear(way, query);
  }
}
