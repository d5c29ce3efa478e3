/**
 * A tile series: what is known about one entity in one feature view, as exact sums per tile of event time.
 * Adding events and merging series is commutative and associative: any order and any grouping gives the same series.
 */
import { addExactly, type Aggregation, type ExactSum } from './aggregations.ts';

/** Per tile the number of values that were not null, and their sum: in millionths, for a share the number of true ones. */
export interface TileColumn {
  readonly n: number[];
  readonly sum: ExactSum[];
}

export interface TileSeries {
  /** The tiles that have events, ascending, numbered from the epoch (start = number × width). */
  readonly tiles: number[];
  /** Events per tile. */
  readonly events: number[];
  /** One per feature of the view; null for a count, which needs none. */
  readonly columns: readonly (TileColumn | null)[];
  /** How far the series has come: the greatest of min(event time, known time) over its events. −Infinity when empty. */
  horizon: number;
  /** The greatest known time over its events. −Infinity when empty. */
  known: number;
}

export function emptySeries(aggregations: readonly Aggregation[]): TileSeries {
  const columns = aggregations.map((aggregation) => (aggregation === 'count' ? null : { n: [], sum: [] }));
  return { tiles: [], events: [], columns, horizon: -Infinity, known: -Infinity };
}

/** What one event adds. */
export interface TileEvent {
  readonly tile: number;
  readonly eventTime: number;
  readonly knownTime: number;
  /** One per feature (see `toAddend`); null is left out. */
  readonly addends: readonly (number | null)[];
}

/** Adds one event in place. */
export function addEvent(series: TileSeries, event: TileEvent): void {
  const at = positionOf(series, event.tile);
  series.events[at] = (series.events[at] as number) + 1;
  for (let i = 0; i < series.columns.length; i += 1) {
    const column = series.columns[i];
    const addend = event.addends[i];
    if (column && typeof addend === 'number') addToColumn(column, at, 1, addend);
  }
  // An event dated in the future of its acceptance must not push the others out of the series.
  series.horizon = Math.max(series.horizon, Math.min(event.eventTime, event.knownTime));
  series.known = Math.max(series.known, event.knownTime);
}

/** Adds `delta` to `series` in place. */
export function mergeDelta(series: TileSeries, delta: TileSeries): void {
  for (let i = 0; i < delta.tiles.length; i += 1) {
    const at = positionOf(series, delta.tiles[i] as number);
    series.events[at] = (series.events[at] as number) + (delta.events[i] as number);
    for (let c = 0; c < series.columns.length; c += 1) {
      const into = series.columns[c];
      const from = delta.columns[c];
      if (into && from) addToColumn(into, at, from.n[i] as number, from.sum[i] as ExactSum);
    }
  }
  series.horizon = Math.max(series.horizon, delta.horizon);
  series.known = Math.max(series.known, delta.known);
}

function addToColumn(column: TileColumn, at: number, n: number, sum: ExactSum): void {
  column.n[at] = (column.n[at] as number) + n;
  column.sum[at] = addExactly(column.sum[at] as ExactSum, sum);
}

/** Where the tile lies; makes room for it when it is new. */
function positionOf(series: TileSeries, tile: number): number {
  const last = series.tiles.length - 1;
  if (last >= 0 && series.tiles[last] === tile) return last;
  const at = lowerBound(series.tiles, tile);
  if (series.tiles[at] === tile) return at;
  series.tiles.splice(at, 0, tile);
  series.events.splice(at, 0, 0);
  for (const column of series.columns) {
    column?.n.splice(at, 0, 0);
    column?.sum.splice(at, 0, 0);
  }
  return at;
}

/** Index of the first tile that is not before `tile`. */
export function lowerBound(tiles: readonly number[], tile: number): number {
  let low = 0;
  let high = tiles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tiles[middle] as number) < tile) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Drops tiles before the tile `from`, in place. */
export function prune(series: TileSeries, from: number): void {
  const count = lowerBound(series.tiles, from);
  if (count === 0) return;
  series.tiles.splice(0, count);
  series.events.splice(0, count);
  for (const column of series.columns) {
    column?.n.splice(0, count);
    column?.sum.splice(0, count);
  }
}

/** Exact totals over some tiles: events, and per feature n and sum (zero for a count). */
export interface Totals {
  readonly events: number;
  readonly n: readonly number[];
  readonly sum: readonly ExactSum[];
}

/** Totals over the tiles from ≤ tile < to. */
export function totalsOf(series: TileSeries, from: number, to: number): Totals {
  const [start, end] = [lowerBound(series.tiles, from), lowerBound(series.tiles, to)];
  return {
    events: countOf(series.events, start, end),
    n: series.columns.map((column) => (column ? countOf(column.n, start, end) : 0)),
    sum: series.columns.map((column) => (column ? sumOf(column.sum, start, end) : 0)),
  };
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
