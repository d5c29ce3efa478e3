/** How a tile series is written: as JSON text that says of itself how it is read. */
import { cellRule, type Cell } from './cells.ts';
import type { ExactSum } from './exact-sum.ts';
import type { CellColumn, Spans, SumColumn, TileColumn, TileSeries } from './tiles.ts';

/** Tile numbers as differences, columns without the counts that equal the events, event times from the beginning of the first one's tile on. */
interface PackedSeries {
  readonly h: number;
  readonly k: number;
  readonly t: readonly number[];
  readonly e: readonly number[];
  readonly c: readonly (null | PackedSums | PackedCells)[];
  /** First and last event times: each as its difference to the one before it in [first, last, first, …]. */
  readonly s?: readonly number[];
  /** `before`, where it is finite. */
  readonly b?: number;
}

interface PackedSums {
  readonly n?: readonly number[];
  /** Sums beyond what a number holds exactly are texts. */
  readonly s?: readonly (number | string)[];
  /** Of squares. */
  readonly q?: readonly (number | string)[];
}

interface PackedCells {
  /** The rule's code. */
  readonly r: string;
  readonly x: readonly Cell[];
}

/** The series as JSON text. Equal series give equal texts. */
export function encodeSeries(series: TileSeries): string {
  const packed: PackedSeries = {
    h: series.horizon,
    k: series.known,
    t: series.tiles.map((tile, i) => tile - (series.tiles[i - 1] ?? 0)),
    e: series.events,
    c: series.columns.map((column) => column && packColumn(column, series.events)),
    ...(series.spans !== null && { s: packSpans(series.spans) }),
    ...(Number.isFinite(series.before) && { b: series.before }),
  };
  return JSON.stringify(packed);
}

function packColumn(column: SumColumn | CellColumn, events: readonly number[]): PackedSums | PackedCells {
  if ('cells' in column) return { r: column.rule.code, x: column.cells };
  const { n, sum, squares } = column;
  return {
    ...(!n.every((count, i) => count === events[i]) && { n }),
    ...(sum !== null && { s: sum.map(packSum) }),
    ...(squares !== null && { q: squares.map(packSum) }),
  };
}

const packSum = (sum: ExactSum): number | string => (typeof sum === 'bigint' ? sum.toString() : sum);

function packSpans({ first, last }: Spans): number[] {
  const times = first.flatMap((time, i) => [time, last[i] as number]);
  return times.map((time, i) => time - (times[i - 1] ?? 0));
}

/** The series that `encodeSeries` wrote; a copy of its own that may be changed. */
export function decodeSeries(text: string): TileSeries {
  const { h: horizon, k: known, t, e, c, s, b: before = -Infinity } = JSON.parse(text) as PackedSeries;
  return {
    tiles: runningSums(t),
    events: [...e],
    columns: c.map((column) => column && unpackColumn(column, e)),
    spans: s === undefined ? null : unpackSpans(s),
    horizon,
    known,
    before,
  };
}

function unpackColumn(column: PackedSums | PackedCells, events: readonly number[]): TileColumn {
  if ('r' in column) return { rule: cellRule(column.r), cells: [...column.x] };
  const { n, s, q } = column;
  return { n: [...(n ?? events)], sum: s === undefined ? null : s.map(unpackSum), squares: q === undefined ? null : q.map(unpackSum) };
}

const unpackSum = (sum: number | string): ExactSum => (typeof sum === 'string' ? BigInt(sum) : sum);

function unpackSpans(packed: readonly number[]): Spans {
  const times = runningSums(packed);
  return { first: times.filter((_, i) => i % 2 === 0), last: times.filter((_, i) => i % 2 === 1) };
}

function runningSums(differences: readonly number[]): number[] {
  let sum = 0;
  return differences.map((difference) => (sum += difference));
}
