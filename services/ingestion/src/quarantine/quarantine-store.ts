/** The table of what was refused: lists, counts, and what became of it. */
import type { QuarantineCounts, QuarantineStatus, RedriveOutcome } from '@roofshot/contracts/http/quarantine';
import type { Queryable } from '@roofshot/storage/sql';
import { CHOSEN, choiceParams, type Choice } from './choose-rows.ts';

export interface QuarantineRow {
  /** Rises in the order in which they came. */
  readonly place: number;
  readonly id: string;
  readonly receivedAt: Date;
  readonly eventType: string;
  readonly eventId: string;
  readonly eventSource: string;
  readonly subject: string | null;
  /** Empty: it came without one. */
  readonly writeKey: string;
  readonly correlationId: string;
  readonly verdict: 'quarantined' | 'late';
  readonly reason: string;
  readonly detail: string;
  readonly path: string | null;
  readonly isWhole: boolean;
  readonly bytes: number;
  readonly status: QuarantineStatus;
  readonly redrives: number;
  readonly lastRedrive: RedriveOutcome | null;
  readonly resolvedAt: Date | null;
}
/** With its original, UTF-8; null where it is longer than was asked for. */
export type WithOriginal<T> = QuarantineRow & { readonly original: T };

const COLUMNS = `place, id, received_at AS "receivedAt", event_type AS "eventType", event_id AS "eventId", event_source AS "eventSource", subject,
  write_key AS "writeKey", correlation_id AS "correlationId", verdict, reason, detail, path, is_whole AS "isWhole", octet_length(original) AS bytes,
  status, redrives, last_redrive AS "lastRedrive", resolved_at AS "resolvedAt"`;

export interface Page {
  /** Of the last one before; undefined: from the newest. */
  readonly before: number | undefined;
  readonly limit: number;
  /** Originals of more bytes are left out. */
  readonly mostBytes: number;
}

/** Newest first. */
export function listRefused(db: Queryable, choice: Choice, { before, limit, mostBytes }: Page): Promise<WithOriginal<Buffer | null>[]> {
  return db.query(
    `SELECT ${COLUMNS}, CASE WHEN octet_length(original) <= $15 THEN original END AS original FROM ingestion.quarantine
     WHERE ${CHOSEN} AND ($13::bigint IS NULL OR place < $13) ORDER BY place DESC LIMIT $14`,
    [...choiceParams(choice), before ?? null, limit, mostBytes],
  );
}

export async function findRefused(db: Queryable, id: string): Promise<WithOriginal<Buffer> | undefined> {
  const [row] = await db.query<WithOriginal<Buffer>>(`SELECT ${COLUMNS}, original FROM ingestion.quarantine WHERE id = $1::uuid`, [id]);
  return row;
}

/** The most frequent first, at most `limit` of them; `total` counts all. */
export async function countRefused(db: Queryable, choice: Choice, limit: number): Promise<QuarantineCounts> {
  const rows = await db.query<
    Omit<QuarantineCounts['counts'][number], 'oldest' | 'newest'> & { oldest: Date; newest: Date; total: number }
  >(
    `SELECT event_type AS type, reason, verdict, status, count(*) AS events, min(received_at) AS oldest, max(received_at) AS newest,
       (sum(count(*)) OVER ())::bigint AS total
     FROM ingestion.quarantine WHERE ${CHOSEN} GROUP BY event_type, reason, verdict, status
     ORDER BY count(*) DESC, event_type, reason, verdict, status LIMIT $13`,
    [...choiceParams(choice), limit],
  );
  const counts = rows.map(({ total: _, oldest, newest, ...row }) => ({
    ...row,
    oldest: oldest.toISOString(),
    newest: newest.toISOString(),
  }));
  return { total: rows[0]?.total ?? 0, counts };
}

export type Place = Pick<QuarantineRow, 'id' | 'place'>;

export interface Portion {
  /** Of the last one before; undefined: from the oldest. */
  readonly after: number | undefined;
  readonly limit: number;
  /** Of their originals together; a single one may have more. */
  readonly mostBytes: number;
}

/** What is chosen, oldest first, with originals. Holds nothing. */
export function readPortion(db: Queryable, choice: Choice, { after, limit, mostBytes }: Portion): Promise<WithOriginal<Buffer>[]> {
  return db.query(
    `WITH next AS (
       SELECT place AS at, octet_length(original) AS size FROM ingestion.quarantine
       WHERE ${CHOSEN} AND ($13::bigint IS NULL OR place > $13) ORDER BY place LIMIT $14),
     fitting AS (SELECT at, size, sum(size) OVER (ORDER BY at) AS upto FROM next)
     SELECT ${COLUMNS}, original FROM ingestion.quarantine JOIN fitting ON at = place WHERE upto <= $15 OR upto = size ORDER BY place`,
    [...choiceParams(choice), after ?? null, limit, mostBytes],
  );
}

/** Is there one after this place? */
export async function hasRefusedAfter(db: Queryable, choice: Choice, after: number): Promise<boolean> {
  const rows = await db.query(`SELECT 1 FROM ingestion.quarantine WHERE ${CHOSEN} AND place > $13 LIMIT 1`, [
    ...choiceParams(choice),
    after,
  ]);
  return rows.length > 0;
}

/** Of these, the ones that are open; held until the transaction ends, so that nobody else resolves them. */
export async function holdOpen(tx: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  // In one order, so that two transactions never wait for each other in a circle.
  const rows = await tx.query<{ id: string }>(
    `SELECT id FROM ingestion.quarantine WHERE id = ANY($1::uuid[]) AND status = 'open' ORDER BY place FOR UPDATE`,
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Writes down what became of held ones. What was accepted, now or before, needs no work any more. */
export async function settleRedriven(tx: Queryable, outcomes: ReadonlyMap<string, RedriveOutcome>): Promise<void> {
  if (outcomes.size === 0) return;
  await tx.query(
    `UPDATE ingestion.quarantine q SET redrives = redrives + 1, last_redrive = n.outcome,
       status = CASE WHEN n.is_resolved THEN 'redriven' ELSE status END, resolved_at = CASE WHEN n.is_resolved THEN now() END
     FROM unnest($1::uuid[], $2::jsonb[], $3::boolean[]) AS n(id, outcome, is_resolved) WHERE q.id = n.id`,
    [
      [...outcomes.keys()],
      [...outcomes.values()].map((outcome) => JSON.stringify(outcome)),
      [...outcomes.values()].map(({ verdict }) => verdict === 'accepted' || verdict === 'duplicate'),
    ],
  );
}

/** The oldest that are chosen after this place, at most `limit`. */
export function discardRefused(tx: Queryable, choice: Choice, { after, limit }: Omit<Portion, 'mostBytes'>): Promise<Place[]> {
  return tx.query(
    `UPDATE ingestion.quarantine SET status = 'discarded', resolved_at = now() WHERE place = ANY (ARRAY(
       SELECT place FROM ingestion.quarantine WHERE ${CHOSEN} AND ($13::bigint IS NULL OR place > $13) ORDER BY place LIMIT $14 FOR UPDATE))
     RETURNING id, place`,
    [...choiceParams(choice), after ?? null, limit],
  );
}

/** Deletes what was received before the retention, at most `limit` rows; answers how many, and how many of them were still open. */
export async function forgetRefused(db: Queryable, retentionSeconds: number, limit: number): Promise<{ rows: number; open: number }> {
  const rows = await db.query<{ status: QuarantineStatus }>(
    `DELETE FROM ingestion.quarantine WHERE place = ANY (ARRAY(
       SELECT place FROM ingestion.quarantine WHERE received_at < now() - make_interval(secs => $1) ORDER BY place LIMIT $2))
     RETURNING status`,
    [retentionSeconds, limit],
  );
  return { rows: rows.length, open: rows.filter(({ status }) => status === 'open').length };
}
