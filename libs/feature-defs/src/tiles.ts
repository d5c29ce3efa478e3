/**
 * A tile series: what is known about one entity in one feature view, as exact sums and cells per tile of event time.
 * Adding events and merging series is commutative and associative: any order and any grouping gives the same series.
 */
import { cellRule, type Cell, type CellRule } from './cells.ts';
import { addExactly, squareExactly, type ExactSum } from './exact-sum.ts';
import { lowerBound } from './lower-bound.ts';
import type { Addend, Layout } from './measures.ts';

/** Per tile the number of values that were not null; their sum, and the sum of their squares, where the measure has them. */
export interface SumColumn {
  readonly n: number[];
  readonly sum: ExactSum[] | null;
  readonly squares: ExactSum[] | null;
}

export interface CellColumn {
  readonly rule: CellRule;
  readonly cells: Cell[];
}

/** Null for what the events alone tell: a count without condition. */
export type TileColumn = SumColumn | CellColumn | null;

/** Per tile the event times of its first and its last event. */
export interface Spans {
  readonly first: number[];
  readonly last: number[];
}

export interface TileSeries {
  /** The tiles that have events, ascending, numbered from the epoch (start = number × width). */
  readonly tiles: number[];
  /** Events per tile. */
  readonly events: number[];
  /** One per measure of the view. */
  readonly columns: readonly TileColumn[];
  /** Where the view has sessions or a time-to-live. */
  readonly spans: Spans | null;
  /** How far the series has come: the greatest of min(event time, known time) over its events. −Infinity when empty. */
  horizon: number;
  /** The greatest known time over its events. −Infinity when empty. */
  known: number;
  /** The greatest event time in tiles that were dropped, where there are spans. −Infinity when none was. */
  before: number;
}

/** What a series of a view is made of. */
export interface SeriesLayout {
  /** One per measure; null for what the events alone tell. */
  readonly layouts: readonly (Layout | null)[];
  readonly hasSpans: boolean;
}

export function emptySeries({ layouts, hasSpans }: SeriesLayout): TileSeries {
  return {
    tiles: [],
    events: [],
    columns: layouts.map((layout) => layout && emptyColumn(layout)),
    spans: hasSpans ? { first: [], last: [] } : null,
    horizon: -Infinity,
    known: -Infinity,
    before: -Infinity,
  };
}

function emptyColumn(layout: Layout): TileColumn {
  if (typeof layout === 'object') return { rule: cellRule(layout.cells), cells: [] };
  return { n: [], sum: layout === 'count' ? null : [], squares: layout === 'moments' ? [] : null };
}

/** What one event adds. */
export interface TileEvent {
  readonly tile: number;
  readonly eventTime: number;
  readonly knownTime: number;
  readonly id: string;
  /** One per measure; null is left out. */
  readonly addends: readonly Addend[];
}

/** Adds one event in place. */
export function addEvent(series: TileSeries, event: TileEvent): void {
  const at = positionOf(series, event.tile);
  series.events[at] = (series.events[at] as number) + 1;
  for (let i = 0; i < series.columns.length; i += 1) {
    const column = series.columns[i];
    const addend = event.addends[i];
    if (column && addend !== null && addend !== undefined) addToColumn(column, at, addend, event);
  }
  if (series.spans !== null) widenSpan(series.spans, at, event.eventTime, event.eventTime);
  // An event dated in the future of its acceptance must not push the others out of the series.
  series.horizon = Math.max(series.horizon, Math.min(event.eventTime, event.knownTime));
  series.known = Math.max(series.known, event.knownTime);
}

function addToColumn(column: SumColumn | CellColumn, at: number, addend: Exclude<Addend, null>, event: TileEvent): void {
  if ('cells' in column) {
    column.cells[at] = column.rule.add(column.cells[at] as Cell, addend, event);
    return;
  }
  const value = addend as number;
  column.n[at] = (column.n[at] as number) + 1;
  if (column.sum !== null) column.sum[at] = addExactly(column.sum[at] as ExactSum, value);
  if (column.squares !== null) column.squares[at] = addExactly(column.squares[at] as ExactSum, squareExactly(value));
}

function widenSpan({ first, last }: Spans, at: number, from: number, to: number): void {
  first[at] = Math.min(first[at] as number, from);
  last[at] = Math.max(last[at] as number, to);
}

/** Adds `delta` to `series` in place; both are of one view. */
export function mergeDelta(series: TileSeries, delta: TileSeries): void {
  for (let i = 0; i < delta.tiles.length; i += 1) mergeTile(series, positionOf(series, delta.tiles[i] as number), delta, i);
  series.horizon = Math.max(series.horizon, delta.horizon);
  series.known = Math.max(series.known, delta.known);
  series.before = Math.max(series.before, delta.before);
}

/** Adds tile `from` of `delta` to tile `at` of `series`. */
function mergeTile(series: TileSeries, at: number, delta: TileSeries, from: number): void {
  series.events[at] = (series.events[at] as number) + (delta.events[from] as number);
  for (let c = 0; c < series.columns.length; c += 1) {
    const [into, column] = [series.columns[c], delta.columns[c]];
    if (into && column) mergeColumn(into, at, column, from);
  }
  if (series.spans !== null && delta.spans !== null)
    widenSpan(series.spans, at, delta.spans.first[from] as number, delta.spans.last[from] as number);
}

function mergeColumn(into: SumColumn | CellColumn, at: number, column: SumColumn | CellColumn, from: number): void {
  if ('cells' in into) {
    if ('cells' in column) into.cells[at] = into.rule.merge([into.cells[at] as Cell, column.cells[from] as Cell]);
    return;
  }
  if ('cells' in column) return;
  into.n[at] = (into.n[at] as number) + (column.n[from] as number);
  if (into.sum && column.sum) into.sum[at] = addExactly(into.sum[at] as ExactSum, column.sum[from] as ExactSum);
  if (into.squares && column.squares) into.squares[at] = addExactly(into.squares[at] as ExactSum, column.squares[from] as ExactSum);
}

/** Where the tile lies; makes room for it when it is new. */
function positionOf(series: TileSeries, tile: number): number {
  const last = series.tiles.length - 1;
  if (last >= 0 && series.tiles[last] === tile) return last;
  const at = lowerBound(series.tiles, tile);
  if (series.tiles[at] === tile) return at;
  series.tiles.splice(at, 0, tile);
  series.events.splice(at, 0, 0);
  for (const column of series.columns) if (column !== null) makeRoom(column, at);
  series.spans?.first.splice(at, 0, Infinity);
  series.spans?.last.splice(at, 0, -Infinity);
  return at;
}

function makeRoom(column: SumColumn | CellColumn, at: number): void {
  if ('cells' in column) {
    column.cells.splice(at, 0, column.rule.empty);
    return;
  }
  column.n.splice(at, 0, 0);
  column.sum?.splice(at, 0, 0);
  column.squares?.splice(at, 0, 0);
}

/** Drops tiles before the tile `from`, in place. `gather`: what they hold goes into the one tile before `from`, for the lifetime. */
export function prune(series: TileSeries, from: number, gather = false): void {
  const count = lowerBound(series.tiles, from);
  if (count === 0) return;
  if (series.spans !== null) series.before = Math.max(series.before, ...series.spans.last.slice(0, count));
  if (!gather) return dropTiles(series, count);
  if (count === 1 && series.tiles[0] === from - 1) return;
  const gathered = sliceOf(series, count);
  dropTiles(series, count);
  const at = positionOf(series, from - 1);
  for (let i = 0; i < count; i += 1) mergeTile(series, at, gathered, i);
}

/** The first tiles of a series. */
function sliceOf(series: TileSeries, count: number): TileSeries {
  const columns = series.columns.map((column) => {
    if (column === null) return null;
    if ('cells' in column) return { ...column, cells: column.cells.slice(0, count) };
    const { n, sum, squares } = column;
    return { n: n.slice(0, count), sum: sum && sum.slice(0, count), squares: squares && squares.slice(0, count) };
  });
  const spans = series.spans && { first: series.spans.first.slice(0, count), last: series.spans.last.slice(0, count) };
  return { ...series, tiles: series.tiles.slice(0, count), events: series.events.slice(0, count), columns, spans };
}

function dropTiles(series: TileSeries, count: number): void {
  series.tiles.splice(0, count);
  series.events.splice(0, count);
  for (const column of series.columns) {
    if (column === null) continue;
    if ('cells' in column) column.cells.splice(0, count);
    else {
      column.n.splice(0, count);
      column.sum?.splice(0, count);
      column.squares?.splice(0, count);
    }
  }
  series.spans?.first.splice(0, count);
  series.spans?.last.splice(0, count);
}
