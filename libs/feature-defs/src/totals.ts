/** What a run of tiles amounts to, measure by measure: exact, and the same whatever the tiles' width was. */
import type { Cell } from './cells.ts';
import { addExactly, type ExactSum } from './exact-sum.ts';
import type { CellColumn, SumColumn, TileSeries } from './tiles.ts';

/** Tiles of a series: places in its lists, the end exclusive. */
export interface TileRun {
  readonly start: number;
  readonly end: number;
}

export function eventsIn(series: TileSeries, { start, end }: TileRun): number {
  return countOf(series.events, start, end);
}

/** Values that were not null. */
export function countIn(series: TileSeries, measure: number, run: TileRun): number {
  const column = series.columns[measure] as SumColumn | null;
  return column === null ? eventsIn(series, run) : countOf(column.n, run.start, run.end);
}

export function sumIn(series: TileSeries, measure: number, { start, end }: TileRun): ExactSum {
  return sumOf((series.columns[measure] as SumColumn).sum ?? [], start, end);
}

export function squaresIn(series: TileSeries, measure: number, { start, end }: TileRun): ExactSum {
  return sumOf((series.columns[measure] as SumColumn).squares ?? [], start, end);
}

export function cellIn(series: TileSeries, measure: number, { start, end }: TileRun): Cell {
  const { rule, cells } = series.columns[measure] as CellColumn;
  if (end - start === 1) return cells[start] as Cell;
  return rule.merge(cells.slice(start, end));
}

function countOf(values: readonly number[], start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i += 1) count += values[i] as number;
  return count;
}

function sumOf(values: readonly ExactSum[], start: number, end: number): ExactSum {
  let sum: ExactSum = 0;
  for (let i = start; i < end; i += 1) sum = addExactly(sum, values[i] as ExactSum);
  return sum;
}
