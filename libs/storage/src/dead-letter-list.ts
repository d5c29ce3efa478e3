import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';

/** Which letters are meant; what is absent is not asked for. Times: of the last failure, epoch milliseconds, `until` not included. */
export interface LetterFilter {
  readonly kind?: 'event' | 'command';
  readonly topic?: string;
  readonly queue?: string;
  readonly type?: string;
  readonly error?: string;
  readonly since?: number;
  readonly until?: number;
}

/** A dead letter of either kind; what its kind does not have is null, and what was written before it was recorded is too. */
export interface LetterRow {
  readonly id: number;
  readonly kind: 'event' | 'command';
  readonly group: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
  readonly key: string | null;
  readonly queue: string | null;
  readonly messageId: string | null;
  readonly type: string | null;
  readonly correlationId: string | null;
  readonly traceparent: string | null;
  readonly reason: string;
  readonly code: string | null;
  readonly stack: string | null;
  readonly attempts: number | null;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
  /** Of a command that was sent again and whose outcome is awaited. */
  readonly redrivenAt: Date | null;
  /** A command's headers as JSON. */
  readonly headers: string | null;
  /** A command's payload, an event's record of the log as JSON. */
  readonly message: string;
}

/** How many letters have one type and one error. */
export interface LetterCount {
  readonly kind: 'event' | 'command';
  readonly type: string | null;
  readonly error: string | null;
  readonly letters: number;
}

export interface LetterPage {
  /** Only letters after this one. */
  readonly after: number;
  readonly limit: number;
}

const CONDITIONS = `($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR topic = $2) AND ($3::text IS NULL OR queue = $3)
  AND ($4::text IS NULL OR type = $4) AND ($5::text IS NULL OR code = $5)
  AND ($6::timestamptz IS NULL OR "lastFailedAt" >= $6) AND ($7::timestamptz IS NULL OR "lastFailedAt" < $7)`;

/** The dead letters of events and of commands of one service, as one list. Looking at it changes nothing; a letter keeps its number and its place. */
export class DeadLetterList {
  readonly #letters: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    const name = schemaName(schema);
    this.#letters = `(
      SELECT id, 'event' AS kind, consumer_group AS "group", topic, partition, "offset", key, NULL::text AS queue, event_id AS "messageId",
        event_type AS type, correlation_id AS "correlationId", traceparent, reason, error_code AS code, stack, attempts,
        coalesce(first_failed_at, died_at) AS "firstFailedAt", died_at AS "lastFailedAt", NULL::timestamptz AS "redrivenAt",
        NULL::text AS headers, message
      FROM ${name}.dead_letters
      UNION ALL
      SELECT id, 'command', NULL, NULL, NULL, NULL, NULL, queue, command_id,
        command_type, correlation_id, traceparent, reason, error_code, stack, attempts,
        first_failed_at, died_at, redriven_at, headers, payload
      FROM ${name}.dead_commands) AS letter`;
  }

  /** By their numbers, which is the order in which they died first. */
  page(sql: Queryable, filter: LetterFilter, { after, limit }: LetterPage): Promise<LetterRow[]> {
    return sql.query<LetterRow>(`SELECT * FROM ${this.#letters} WHERE ${CONDITIONS} AND id > $8 ORDER BY id LIMIT $9`, [
      ...valuesOf(filter),
      after,
      limit,
    ]);
  }

  /** Those of the numbers that are there, in their order. */
  find(sql: Queryable, ids: readonly number[]): Promise<LetterRow[]> {
    return sql.query<LetterRow>(`SELECT * FROM ${this.#letters} WHERE id = ANY($1::bigint[]) ORDER BY id`, [ids]);
  }

  /** The most frequent first. */
  counts(sql: Queryable, filter: LetterFilter): Promise<LetterCount[]> {
    return sql.query<LetterCount>(
      `SELECT kind, type, code AS error, count(*) AS letters FROM ${this.#letters} WHERE ${CONDITIONS}
       GROUP BY kind, type, code ORDER BY letters DESC, kind, type, code`,
      valuesOf(filter),
    );
  }
}

function valuesOf({ kind, topic, queue, type, error, since, until }: LetterFilter): unknown[] {
  const time = (milliseconds: number | undefined): Date | null => (milliseconds === undefined ? null : new Date(milliseconds));
  return [kind ?? null, topic ?? null, queue ?? null, type ?? null, error ?? null, time(since), time(until)];
}
