import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';

/** A parked key, behind which message it waits, and how many wait. */
export interface ParkedKeyRow {
  readonly topic: string;
  readonly key: string;
  readonly reason: string;
  readonly code: string | null;
  readonly stack: string | null;
  readonly attempts: number | null;
  readonly parkedAt: Date;
  readonly lastFailedAt: Date;
  readonly messages: number;
  /** The oldest, which could not be handled; null in the moment before an emptied key flows again. */
  readonly partition: number | null;
  readonly offset: number | null;
  /** Its record of the log as JSON. */
  readonly message: string | null;
}

/** Keys of one group's topics after a key, in the order of topic and key. */
export interface ParkedKeyPage {
  readonly group: string;
  readonly topic?: string;
  readonly after?: { readonly topic: string; readonly key: string };
  readonly limit: number;
}

/** Everything that is parked in one service. Looking at it changes nothing. */
export class ParkedKeyList {
  readonly #keys: string;
  readonly #messages: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#keys = `${schemaName(schema)}.parked_keys`;
    this.#messages = `${schemaName(schema)}.parked_messages`;
  }

  page(sql: Queryable, { group, topic, after, limit }: ParkedKeyPage): Promise<ParkedKeyRow[]> {
    return sql.query<ParkedKeyRow>(
      `SELECT k.topic, k.key, k.reason, k.error_code AS code, k.stack, k.attempts, k.parked_at AS "parkedAt",
         coalesce(k.last_failed_at, k.parked_at) AS "lastFailedAt", head.partition, head."offset", head.message,
         (SELECT count(*) FROM ${this.#messages} m WHERE (m.consumer_group, m.topic, m.key) = (k.consumer_group, k.topic, k.key)) AS messages
       FROM ${this.#keys} k
       LEFT JOIN LATERAL (
         SELECT partition, "offset", message FROM ${this.#messages} m
         WHERE (m.consumer_group, m.topic, m.key) = (k.consumer_group, k.topic, k.key) ORDER BY id LIMIT 1
       ) head ON true
       WHERE k.consumer_group = $1 AND ($2::text IS NULL OR k.topic = $2)
         AND ($3::text IS NULL OR (k.topic COLLATE "C", k.key COLLATE "C") > ($3, $4))
       ORDER BY k.topic COLLATE "C", k.key COLLATE "C" LIMIT $5`,
      [group, topic ?? null, after?.topic ?? null, after?.key ?? null, limit],
    );
  }

  async count(sql: Queryable, group: string): Promise<number> {
    const [row] = await sql.query<{ keys: number }>(`SELECT count(*) AS keys FROM ${this.#keys} WHERE consumer_group = $1`, [group]);
    return row?.keys ?? 0;
  }
}
