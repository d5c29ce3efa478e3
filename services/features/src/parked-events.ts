/** Events that a view's expressions could not read: where they lie, and why. They stay on the log; a corrected view reads them again. */
import type { TopicPartition } from '@roofshot/messaging/events';
import type { Queryable } from '@roofshot/storage/sql';
import type { ViewFold } from './fold-events.ts';

/** So many are listed of one view; further ones are only counted (`view_positions.parked`). */
const MOST_LISTED = 10_000;

const PARK = `
INSERT INTO features.parked_events (view, topic, partition, "offset", event_id, subject, event_time, reason, parked_at)
SELECT u.view, $2, $3, u."offset", u.event_id, u.subject, u.event_time, u.reason, now()
FROM unnest($1::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[]) AS u(view, "offset", event_id, subject, event_time, reason)
JOIN (SELECT v.view, (SELECT count(*) FROM features.parked_events p WHERE p.view = v.view) AS listed
      FROM (SELECT DISTINCT view FROM unnest($1::text[]) AS w(view)) v) held ON held.view = u.view AND held.listed < ${MOST_LISTED}
ON CONFLICT DO NOTHING`;

export async function parkEvents(tx: Queryable, { topic, partition }: TopicPartition, folds: readonly ViewFold[]): Promise<void> {
  const rows = folds.flatMap(({ plan, parked }) => parked.map(({ event, reason }) => ({ view: plan.stateKey, event, reason })));
  if (rows.length === 0) return;
  await tx.query(PARK, [
    rows.map(({ view }) => view),
    topic,
    partition,
    rows.map(({ event }) => event.offset),
    rows.map(({ event }) => event.id),
    rows.map(({ event }) => event.subject ?? null),
    rows.map(({ event }) => (Number.isFinite(event.time) ? event.time : null)),
    rows.map(({ reason }) => reason),
  ]);
}

export interface ParkedRow {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
  /** Epoch milliseconds; null when it cannot be read. */
  readonly eventTime: number | null;
  readonly reason: string;
  readonly parkedAt: Date;
}

/** The first ones of a view, in the order of (topic, partition, offset). */
export async function listParked(db: Queryable, view: string, limit: number): Promise<ParkedRow[]> {
  return db.query<ParkedRow>(
    `SELECT topic, partition, "offset", event_id AS "eventId", event_time AS "eventTime", reason, parked_at AS "parkedAt"
     FROM features.parked_events WHERE view = $1 ORDER BY topic, partition, "offset" LIMIT $2`,
    [view, limit],
  );
}

export async function deleteParked(db: Queryable, view: string): Promise<void> {
  await db.query('DELETE FROM features.parked_events WHERE view = $1', [view]);
}

/** Forgets the events of a subject, of these topics (null: of all). Answers how many there were. */
export async function eraseParked(tx: Queryable, subject: string, topics: readonly string[] | null): Promise<number> {
  const gone = await tx.query(
    'DELETE FROM features.parked_events WHERE subject = $1 AND ($2::text[] IS NULL OR topic = ANY($2)) RETURNING 1',
    [subject, topics],
  );
  return gone.length;
}
