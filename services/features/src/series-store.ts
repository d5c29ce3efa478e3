import { decodeSeries, encodeSeries } from '@roofshot/feature-defs/series-text';
import { mergeDelta, prune, type TileSeries } from '@roofshot/feature-defs/tiles';
import { firstKeptTile, type ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { Queryable } from '@roofshot/storage/sql';

/** Which row: `shard` is the partition for the entity "everything", 0 for all others. */
export interface SeriesId {
  readonly view: string;
  readonly entity: string;
  readonly shard: number;
}

/** What a batch adds to one series. */
export interface SeriesDelta extends SeriesId {
  readonly plan: ViewPlan;
  readonly delta: TileSeries;
}

/** A row as it is now. */
export interface StoredSeries extends SeriesId {
  readonly version: number;
  readonly series: TileSeries;
}

interface Row extends SeriesId {
  readonly version: number;
  readonly tiles: string;
}

const KEYS = 'unnest($1::text[], $2::text[], $3::int[]) AS k(view, entity, shard)';

/** Rows are locked in this one order by every transaction, whichever task it folds: sorted, batches wait for each other; unsorted, they deadlock. */
const LOCK = `
SELECT s.view, s.entity, s.shard, s.version, s.tiles FROM features.series s JOIN ${KEYS} USING (view, entity, shard)
ORDER BY s.view COLLATE "C", s.entity COLLATE "C", s.shard FOR UPDATE OF s`;

const UPDATE = `
UPDATE features.series s SET version = s.version + 1, tiles = u.tiles, updated_at = now()
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS u(view, entity, shard, tiles)
WHERE s.view = u.view AND s.entity = u.entity AND s.shard = u.shard`;

const INSERT = `
INSERT INTO features.series (view, entity, shard, version, tiles, updated_at)
SELECT u.view, u.entity, u.shard, 1, u.tiles, now() FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS u(view, entity, shard, tiles)
ON CONFLICT DO NOTHING RETURNING view, entity, shard`;

/**
 * Adds the deltas to their rows in the caller's transaction and answers the rows as they are then. Two or three statements,
 * however many rows. The rows stay locked until the transaction ends.
 */
export async function applyDeltas(tx: Queryable, deltas: readonly SeriesDelta[]): Promise<StoredSeries[]> {
  const done: StoredSeries[] = [];
  let open = [...deltas].sort(compareIds);
  while (open.length > 0) {
    const found = new Map((await tx.query<Row>(LOCK, keyColumns(open))).map((row) => [idOf(row), row]));
    const changed = open.flatMap((delta) => mergeInto(delta, found.get(idOf(delta))));
    if (changed.length > 0) await tx.query(UPDATE, columnsOf(changed));
    done.push(...changed);
    const fresh = open.filter((delta) => !found.has(idOf(delta))).map(firstVersion);
    const inserted = await insert(tx, fresh);
    done.push(...fresh.filter((series) => inserted.has(idOf(series))));
    // Another transaction has made the row between the two statements: it is there now, and is merged into.
    open = open.filter((delta) => !found.has(idOf(delta)) && !inserted.has(idOf(delta)));
  }
  return done;
}

async function insert(tx: Queryable, fresh: readonly StoredSeries[]): Promise<Set<string>> {
  if (fresh.length === 0) return new Set();
  return new Set((await tx.query<SeriesId>(INSERT, columnsOf(fresh))).map(idOf));
}

function mergeInto({ plan, delta, view, entity, shard }: SeriesDelta, row: Row | undefined): StoredSeries[] {
  if (row === undefined) return [];
  const series = decodeSeries(row.tiles);
  mergeDelta(series, delta);
  prune(series, firstKeptTile(plan, series), plan.gathers);
  return [{ view, entity, shard, version: row.version + 1, series }];
}

function firstVersion({ plan, delta, view, entity, shard }: SeriesDelta): StoredSeries {
  prune(delta, firstKeptTile(plan, delta), plan.gathers);
  return { view, entity, shard, version: 1, series: delta };
}

/** All shards of some entities of a view, as they are committed. */
export async function readSeries(db: Queryable, view: string, entities: readonly string[]): Promise<StoredSeries[]> {
  const rows = await db.query<Row>(
    'SELECT view, entity, shard, version, tiles FROM features.series WHERE view = $1 AND entity = ANY($2::text[]) ORDER BY entity, shard',
    [view, entities],
  );
  return rows.map(decodeRow);
}

/** A page of a view's rows that changed after `since` (null: all), in the order of (entity, shard), after the given entity. */
export async function pageSeries(
  db: Queryable,
  view: string,
  { since, after, limit }: { since: Date | null; after: string; limit: number },
): Promise<StoredSeries[]> {
  const rows = await db.query<Row>(
    `SELECT view, entity, shard, version, tiles FROM features.series s WHERE view = $1 AND entity IN (
       SELECT DISTINCT entity FROM features.series WHERE view = $1 AND entity > $3 AND ($2::timestamptz IS NULL OR updated_at > $2)
       ORDER BY entity LIMIT $4)
     ORDER BY entity, shard`,
    [view, since, after, limit],
  );
  return rows.map(decodeRow);
}

export async function deleteSeries(db: Queryable, view: string, entities: readonly string[]): Promise<void> {
  await db.query('DELETE FROM features.series WHERE view = $1 AND entity = ANY($2::text[])', [view, entities]);
}

function decodeRow({ tiles, ...row }: Row): StoredSeries {
  return { ...row, series: decodeSeries(tiles) };
}

/**
 * One series of each entity: its shards merged. The versions add up: each shard's only rises, so of two sums over committed rows
 * the greater one was read later and holds all of the other.
 */
export function mergeShards(rows: readonly StoredSeries[]): StoredSeries[] {
  const merged = new Map<string, StoredSeries>();
  for (const row of rows) {
    const first = merged.get(row.entity);
    if (first === undefined) merged.set(row.entity, row);
    else {
      mergeDelta(first.series, row.series);
      merged.set(row.entity, { ...first, version: first.version + row.version });
    }
  }
  return [...merged.values()];
}

export const idOf = ({ view, entity, shard }: SeriesId): string => `${view} ${shard} ${entity}`;

function compareIds(a: SeriesId, b: SeriesId): number {
  return compareTexts(a.view, b.view) || compareTexts(a.entity, b.entity) || a.shard - b.shard;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function keyColumns(ids: readonly SeriesId[]): [string[], string[], number[]] {
  return [ids.map(({ view }) => view), ids.map(({ entity }) => entity), ids.map(({ shard }) => shard)];
}

function columnsOf(rows: readonly StoredSeries[]): unknown[] {
  return [...keyColumns(rows), rows.map(({ series }) => encodeSeries(series))];
}
