/** How many events of each type got which verdict, kept in the same transaction as the verdicts: the identity holds at every moment. */
import type { Queryable } from '@roofshot/storage/sql';
import { VERDICTS, type VerdictCounts } from './verdicts.ts';

/** Where events of undeclared types are counted, so that a sender's typing errors do not fill the ledger. */
export const UNDECLARED = '(undeclared)';

/** Processes write to a row of their own, mostly, and so do not wait for each other. */
const SHARDS = 16;
export const ownShard = (random: number): number => Math.floor(random * SHARDS);

export async function addToLedger(tx: Queryable, shard: number, counts: ReadonlyMap<string, VerdictCounts>): Promise<void> {
  const types = [...counts.keys()].sort();
  if (types.length === 0) return;
  await tx.query(
    `INSERT INTO ingestion.ledger AS kept (event_type, shard, accepted, duplicate, late, quarantined)
     SELECT t, $1, a, d, l, q FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS n(t, a, d, l, q)
     ON CONFLICT (event_type, shard) DO UPDATE SET accepted = kept.accepted + EXCLUDED.accepted, duplicate = kept.duplicate + EXCLUDED.duplicate,
       late = kept.late + EXCLUDED.late, quarantined = kept.quarantined + EXCLUDED.quarantined`,
    [shard, types, ...VERDICTS.map((verdict) => types.map((type) => counts.get(type)?.[verdict] ?? 0))],
  );
}

/** Event type → counts. Every event that was received has exactly one verdict, so `received` is their sum. */
export async function readLedger(db: Queryable): Promise<Record<string, VerdictCounts & { received: number }>> {
  const rows = await db.query<{ event_type: string } & Record<keyof VerdictCounts, string>>(
    `SELECT event_type, sum(accepted) AS accepted, sum(duplicate) AS duplicate, sum(late) AS late, sum(quarantined) AS quarantined
     FROM ingestion.ledger GROUP BY event_type ORDER BY event_type`,
  );
  return Object.fromEntries(rows.map((row) => [row.event_type, countsOf(row)]));
}

function countsOf(row: Readonly<Record<keyof VerdictCounts, string>>): VerdictCounts & { received: number } {
  const counts = {
    accepted: Number(row.accepted),
    duplicate: Number(row.duplicate),
    late: Number(row.late),
    quarantined: Number(row.quarantined),
  };
  return { received: counts.accepted + counts.duplicate + counts.late + counts.quarantined, ...counts };
}
