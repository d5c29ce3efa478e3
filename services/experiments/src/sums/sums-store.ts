import type { Queryable } from '@roofshot/storage/sql';
import { SUM_FIELDS, type ExactSums } from './exact-sums.ts';
import { SeriesTable, type Delta } from './series.ts';

const PARTS = SUM_FIELDS.map((field) => field as string);
/** One array parameter per sum, from $5 on; the sums are whole numbers of any length, so they travel as text. */
const ARRAYS = PARTS.map((_, index) => `$${index + 5}::numeric[]`).join(', ');
const ADD = `INSERT INTO experiments.sums AS kept (scope, series, tile, shard, ${PARTS.join(', ')})
  SELECT s, e, t, $4, ${PARTS.map((part) => `a_${part}`).join(', ')}
  FROM unnest($1::bigint[], $2::text[], $3::bigint[], ${ARRAYS}) AS d(s, e, t, ${PARTS.map((part) => `a_${part}`).join(', ')})
  ON CONFLICT (scope, series, tile, shard) DO UPDATE SET ${PARTS.map((part) => `${part} = kept.${part} + EXCLUDED.${part}`).join(', ')}`;

/** `deltas`: sorted. `shard`: of the task, so that tasks do not wait for each other on a hot row. */
export async function addDeltas(tx: Queryable, shard: string, deltas: readonly Delta[]): Promise<void> {
  if (deltas.length === 0) return;
  const columns = SUM_FIELDS.map((field) => deltas.map(({ sums }) => sums[field].toString()));
  await tx.query(ADD, [
    deltas.map(({ scope }) => scope),
    deltas.map(({ series }) => series),
    deltas.map(({ tile }) => tile),
    shard,
    ...columns,
  ]);
}

const READ = `SELECT series, greatest(tile, $2) AS tile, ${PARTS.map((part) => `sum(${part})::text AS ${part}`).join(', ')}
  FROM experiments.sums WHERE scope = $1 GROUP BY 1, 2`;

/** Tiles before `from` come together as one, in the place of tile `from`. */
export async function readSeries(db: Queryable, scope: number, from = Number.MIN_SAFE_INTEGER): Promise<SeriesTable> {
  const rows = await db.query<{ series: string; tile: number } & Record<keyof ExactSums, string>>(READ, [scope, from]);
  return new SeriesTable(rows.map(({ series, tile, ...texts }) => ({ series, tile, sums: sumsOf(texts) })));
}

function sumsOf(texts: Readonly<Record<keyof ExactSums, string>>): ExactSums {
  const { n, y, yy, xn, yx, x, xx, xy } = texts;
  return { n: BigInt(n), y: BigInt(y), yy: BigInt(yy), xn: BigInt(xn), yx: BigInt(yx), x: BigInt(x), xx: BigInt(xx), xy: BigInt(xy) };
}

const TOGETHER = `WITH gone AS (DELETE FROM experiments.sums WHERE scope = $1 AND tile < $2 RETURNING *)
  INSERT INTO experiments.sums AS kept (scope, series, tile, shard, ${PARTS.join(', ')})
  SELECT scope, series, $2, 'together', ${PARTS.map((part) => `sum(${part})`).join(', ')} FROM gone GROUP BY scope, series
  ON CONFLICT (scope, series, tile, shard) DO UPDATE SET ${PARTS.map((part) => `${part} = kept.${part} + EXCLUDED.${part}`).join(', ')}`;

/** Puts all tiles before `tile` together into it, where no look tells them apart any more. Nothing of the sums is lost. */
export async function putTogether(db: Queryable, scope: number, tile: number): Promise<void> {
  await db.query(TOGETHER, [scope, tile]);
}
