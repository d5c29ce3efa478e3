/** How many events of a key were received on a day (UTC), counted in the transaction that takes them: exact over all processes. */
import { DomainError } from '@roofshot/runtime/errors';
import type { Queryable } from '@roofshot/storage/sql';
import type { WriteKey } from './write-key.ts';

export interface Spending {
  readonly key: WriteKey | undefined;
  readonly events: number;
}

const DAY_MS = 24 * 3_600_000;

/**
 * Counts a group's events; answers for each of it whether its quota is spent. Of a group for which there is not room enough, the first
 * that fit are taken. Keys are locked in one order until the transaction ends.
 */
export async function spendQuotas(tx: Queryable, group: readonly Spending[], now: number): Promise<boolean[]> {
  const keys = new Map(group.flatMap(({ key }) => (key === undefined || key.isDoor === true ? [] : [[key.id, key] as const])));
  if (keys.size === 0) return group.map(() => false);
  const before = await usageOf(tx, [...keys.keys()].sort(), dayOf(now));
  const used = new Map(before);
  const spent = group.map(({ key, events }) => {
    if (key === undefined || !keys.has(key.id)) return false;
    const after = (used.get(key.id) ?? 0) + events;
    if (key.eventsPerDay !== undefined && after > key.eventsPerDay) return true;
    used.set(key.id, after);
    return false;
  });
  const changed = [...used].filter(([id, events]) => events !== before.get(id));
  await tx.query(
    `UPDATE ingestion.write_key_usage u SET events = n.events FROM unnest($1::text[], $2::bigint[]) AS n(id, events)
     WHERE u.key_id = n.id AND u.day = $3::date`,
    [changed.map(([id]) => id), changed.map(([, events]) => events), dayOf(now)],
  );
  return spent;
}

/** `ids`: sorted. Holds their rows. */
async function usageOf(tx: Queryable, ids: readonly string[], day: string): Promise<Map<string, number>> {
  const rows = await tx.query<{ key_id: string; events: number }>(
    `INSERT INTO ingestion.write_key_usage AS kept (key_id, day, events) SELECT id, $2::date, 0 FROM unnest($1::text[]) AS id
     ON CONFLICT (key_id, day) DO UPDATE SET events = kept.events RETURNING key_id, events`,
    [ids, day],
  );
  return new Map(rows.map(({ key_id, events }) => [key_id, events]));
}

const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

export function quotaSpent({ name, eventsPerDay }: WriteKey, now: number): DomainError {
  const reset = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
  const resetAt = new Date(reset).toISOString();
  const message = `The write key ${name} takes ${eventsPerDay} events a day, and with this request it would be more. Nothing of it was taken: send it after ${resetAt}, or have the quota raised.`;
  return new DomainError('too-many-requests', message, { resetAt, retryAfterSeconds: Math.ceil((reset - now) / 1_000) });
}
