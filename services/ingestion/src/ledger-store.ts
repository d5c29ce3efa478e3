/** How many events of each type and write key got which verdict, kept in the same transaction as the verdicts: the identity holds at every moment. */
import type { Queryable } from '@roofshot/storage/sql';
import { VERDICTS, type VerdictCounts } from './verdicts.ts';

/** Where events of undeclared types are counted, so that a sender's typing errors do not fill the ledger. */
export const UNDECLARED = '(undeclared)';

/** Stands in the ledger for events of requests without a write key. */
export const NO_KEY = '';
export const WITHOUT_KEY = '(none)';
/** And for refused events that came again from the quarantine. */
export const REDRIVEN = '(redrive)';

/** Processes write to a row of their own, mostly, and so do not wait for each other. */
const SHARDS = 16;
export const ownShard = (random: number): number => Math.floor(random * SHARDS);

export interface LedgerEntry {
  readonly type: string;
  /** Its id. */
  readonly writeKey: string;
  readonly counts: VerdictCounts;
}

export async function addToLedger(tx: Queryable, shard: number, entries: readonly LedgerEntry[]): Promise<void> {
  if (entries.length === 0) return;
  // One order for all, so that two transactions never wait for each other in a circle.
  const sorted = [...entries].sort((a, b) => (`${a.type} ${a.writeKey}` < `${b.type} ${b.writeKey}` ? -1 : 1));
  await tx.query(
    `INSERT INTO ingestion.ledger AS kept (event_type, write_key, shard, accepted, duplicate, late, quarantined)
     SELECT t, k, $1, a, d, l, q
     FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) AS n(t, k, a, d, l, q)
     ON CONFLICT (event_type, write_key, shard) DO UPDATE SET accepted = kept.accepted + EXCLUDED.accepted,
       duplicate = kept.duplicate + EXCLUDED.duplicate, late = kept.late + EXCLUDED.late, quarantined = kept.quarantined + EXCLUDED.quarantined`,
    [
      shard,
      sorted.map(({ type }) => type),
      sorted.map(({ writeKey }) => writeKey),
      ...VERDICTS.map((verdict) => sorted.map(({ counts }) => counts[verdict])),
    ],
  );
}

type Received = VerdictCounts & { received: number };

/** Every event that was received has exactly one verdict, so `received` is their sum. One statement: both views are of one moment. */
export async function readLedger(
  db: Queryable,
): Promise<{ types: Record<string, Received>; keys: Record<string, Record<string, Received>> }> {
  const rows = await db.query<{ event_type: string; write_key: string } & Record<keyof VerdictCounts, string>>(
    `SELECT event_type, write_key, sum(accepted) AS accepted, sum(duplicate) AS duplicate, sum(late) AS late, sum(quarantined) AS quarantined
     FROM ingestion.ledger GROUP BY event_type, write_key ORDER BY write_key, event_type`,
  );
  const types: Record<string, Received> = {};
  const keys: Record<string, Record<string, Received>> = {};
  for (const row of rows) {
    const counts = countsOf(row);
    types[row.event_type] = sumOf(types[row.event_type], counts);
    (keys[row.write_key === NO_KEY ? WITHOUT_KEY : row.write_key] ??= {})[row.event_type] = counts;
  }
  return { types, keys };
}

function sumOf(one: Received | undefined, other: Received): Received {
  if (one === undefined) return other;
  return {
    received: one.received + other.received,
    accepted: one.accepted + other.accepted,
    duplicate: one.duplicate + other.duplicate,
    late: one.late + other.late,
    quarantined: one.quarantined + other.quarantined,
  };
}

function countsOf(row: Readonly<Record<keyof VerdictCounts, string>>): Received {
  const counts = {
    accepted: Number(row.accepted),
    duplicate: Number(row.duplicate),
    late: Number(row.late),
    quarantined: Number(row.quarantined),
  };
  return { received: counts.accepted + counts.duplicate + counts.late + counts.quarantined, ...counts };
}
