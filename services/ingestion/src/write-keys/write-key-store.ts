import type { NewWriteKey, WriteKeyAnswer } from '@roofshot/contracts/http/ingestion';
import type { Queryable } from '@roofshot/storage/sql';
import type { WriteKey } from './write-key.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly hash: Buffer;
  readonly event_types: string[] | null;
  readonly may_import: boolean;
  readonly events_per_second: number | null;
  readonly events_per_day: number | null;
  readonly max_body_bytes: number | null;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
  readonly today: number;
}

/** By the hash of its secret, in hexadecimal. */
export async function keysInForce(db: Queryable): Promise<Map<string, WriteKey>> {
  const rows = await db.query<Row>('SELECT * FROM ingestion.write_keys WHERE revoked_at IS NULL');
  return new Map(rows.map((row) => [row.hash.toString('hex'), keyOf(row)]));
}

/** Of these ids, revoked ones too. */
export async function keysById(db: Queryable, ids: readonly string[]): Promise<Map<string, WriteKey>> {
  const rows = await db.query<Row>('SELECT * FROM ingestion.write_keys WHERE id = ANY($1::text[])', [ids]);
  return new Map(rows.map((row) => [row.id, keyOf(row)]));
}

function keyOf(row: Row): WriteKey {
  return {
    id: row.id,
    name: row.name,
    eventTypes: row.event_types === null ? undefined : new Set(row.event_types),
    mayImport: row.may_import,
    eventsPerSecond: row.events_per_second ?? undefined,
    eventsPerDay: row.events_per_day ?? undefined,
    maxBodyBytes: row.max_body_bytes ?? undefined,
  };
}

/** False when another key in force has the name. */
export async function insertKey(tx: Queryable, id: string, hash: Buffer, key: NewWriteKey): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO ingestion.write_keys (id, name, hash, event_types, may_import, events_per_second, events_per_day, max_body_bytes, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now()) ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING id`,
    [
      id,
      key.name,
      hash,
      key.eventTypes ?? null,
      key.mayImport ?? false,
      key.eventsPerSecond ?? null,
      key.eventsPerDay ?? null,
      key.maxBodyBytes ?? null,
    ],
  );
  return rows.length > 0;
}

/** False when there is no such key; one that is revoked stays so. */
export async function revokeKey(tx: Queryable, id: string): Promise<boolean> {
  const rows = await tx.query(
    'UPDATE ingestion.write_keys SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE id = $1 RETURNING id',
    [id],
  );
  return rows.length > 0;
}

/** All keys, revoked ones too, in the order in which they were made. */
export async function listKeys(db: Queryable): Promise<WriteKeyAnswer[]> {
  const rows = await db.query<Row>(
    `SELECT k.*, coalesce(u.events, 0) AS today FROM ingestion.write_keys k
     LEFT JOIN ingestion.write_key_usage u ON u.key_id = k.id AND u.day = (now() AT TIME ZONE 'UTC')::date
     ORDER BY k.created_at, k.id`,
  );
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    eventTypes: row.event_types,
    mayImport: row.may_import,
    eventsPerSecond: row.events_per_second,
    eventsPerDay: row.events_per_day,
    maxBodyBytes: row.max_body_bytes,
    createdAt: row.created_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    eventsToday: row.today,
  }));
}
