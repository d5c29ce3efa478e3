/** Which rows of the quarantine somebody means, as SQL. */
import type { QuarantineFilter, QuarantineStatus } from '@roofshot/contracts/http/quarantine';
import { storableKey } from '@roofshot/storage/storable-text';
import { NO_KEY, WITHOUT_KEY } from '../ledger-store.ts';

export interface Choice {
  readonly filter?: QuarantineFilter | undefined;
  readonly ids?: readonly string[] | undefined;
  /** `any`: all three. */
  readonly status: QuarantineStatus | 'any';
}

/** With the twelve parameters of `choiceParams`. */
export const CHOSEN = `($1::text IS NULL OR event_type = $1) AND ($2::text IS NULL OR reason = $2) AND ($3::text IS NULL OR verdict = $3)
  AND ($4::text IS NULL OR write_key = $4) AND ($5::text IS NULL OR event_source = $5)
  AND ($6::text IS NULL OR path = $6 OR starts_with(path, $6 || '/')) AND ($7::text IS NULL OR event_id = $7)
  AND ($8::text IS NULL OR subject = $8) AND ($9::float8 IS NULL OR received_at >= to_timestamp($9))
  AND ($10::float8 IS NULL OR received_at < to_timestamp($10))
  AND ($11::uuid[] IS NULL OR id = ANY($11)) AND ($12::text = 'any' OR status = $12)`;

export function choiceParams({ filter = {}, ids, status }: Choice): unknown[] {
  const { type, reason, verdict, writeKey, source, path, eventId, subject, since, until } = filter;
  const key = (text: string | undefined): string | null => (text === undefined ? null : storableKey(text));
  const writtenBy = writeKey === WITHOUT_KEY ? NO_KEY : writeKey;
  return [
    key(type),
    reason,
    verdict,
    writtenBy,
    key(source),
    key(path),
    key(eventId),
    key(subject),
    seconds(since),
    seconds(until),
    ids,
    status,
  ].map((value) => value ?? null);
}

/** Since 1970: PostgreSQL reads no text of the year 0, nor of the year 10000, in which the last ones of 9999 lie elsewhere. */
const seconds = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time) / 1_000);
