/** Writes what was refused into the quarantine, in the transaction that gives the verdicts. */
import type { Queryable } from '@roofshot/storage/sql';
import { storableKey, storableText } from '@roofshot/storage/storable-text';
import { NO_KEY } from '../ledger-store.ts';
import type { PreparedEvent, PreparedRefusal } from '../prepare-events.ts';
import type { WriteKey } from '../write-keys/write-key.ts';

interface Group {
  readonly events: readonly PreparedEvent[];
  readonly key: WriteKey | undefined;
}

/** In the order of the events. Where nothing was refused it costs nothing. */
export async function keepRefused(tx: Queryable, groups: readonly Group[]): Promise<void> {
  const refused: Row[] = [];
  for (const { events, key } of groups) for (const one of events) if ('refusal' in one) refused.push(rowOf(one, key));
  if (refused.length === 0) return;
  const column = <K extends keyof Row>(name: K): Row[K][] => refused.map((row) => row[name]);
  await tx.query(
    `INSERT INTO ingestion.quarantine (id, received_at, event_type, event_id, event_source, subject, write_key, correlation_id, verdict, reason,
       detail, path, original, is_whole)
     SELECT id, received_at, event_type, event_id, event_source, subject, write_key, correlation_id, verdict, reason, detail, path, original, is_whole
     FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
       $11::text[], $12::text[], $13::bytea[], $14::boolean[]) WITH ORDINALITY
       AS n(id, received_at, event_type, event_id, event_source, subject, write_key, correlation_id, verdict, reason, detail, path, original,
         is_whole, nth) ORDER BY nth`,
    [
      column('id'),
      column('receivedAt'),
      column('eventType'),
      column('eventId'),
      column('eventSource'),
      column('subject'),
      column('writeKey'),
      column('correlationId'),
      column('verdict'),
      column('reason'),
      column('detail'),
      column('path'),
      column('original'),
      column('isWhole'),
    ],
  );
}

type Row = ReturnType<typeof rowOf>;

function rowOf({ refusal, named, record, original, isPart }: PreparedRefusal, key: WriteKey | undefined) {
  const { ce_id: id = '', ce_time: receivedAt = '', ce_correlationid: correlationId = '' } = record.headers;
  return {
    id,
    receivedAt,
    eventType: storableKey(named.type),
    eventId: storableKey(named.id),
    eventSource: storableKey(named.source),
    subject: named.subject === undefined ? null : storableKey(named.subject),
    writeKey: key?.id ?? NO_KEY,
    correlationId: storableKey(correlationId),
    verdict: refusal.verdict,
    reason: refusal.reason,
    detail: storableText(refusal.detail),
    path: refusal.path === undefined ? null : storableKey(refusal.path),
    original: Buffer.from(original),
    isWhole: !isPart,
  };
}
