/** Windows over the tiles of a view: which tiles a value at some moment is made of. */
import type { FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { FaultList } from './definition-faults.ts';
import { lowerBound } from './lower-bound.ts';
import type { TileSeries } from './tiles.ts';
import type { TileRun } from './totals.ts';
import { durationMs, parseWindow, windowName, type WindowShape } from './windows.ts';

export interface WindowPlan {
  readonly name: string;
  readonly shape: WindowShape;
  /** How many tiles back from a moment's own tile it can reach; Infinity for a lifetime. */
  readonly reach: number;
}

/** A series is read and written as a whole: beyond so many tiles a wider tile serves better. */
export const MOST_TILES = 10_000;

export function compileWindows(spec: FeatureViewSpec, faults: FaultList): WindowPlan[] {
  const tileMs = durationMs(spec.tile);
  return spec.windows.map((text, i) => {
    const shape = parseWindow(text);
    for (const message of faultsOf(text, shape, { text: spec.tile, ms: tileMs })) faults.add(`/windows/${i}`, message);
    if (spec.windows.indexOf(text) !== i) faults.add(`/windows/${i}`, `${text} is listed twice`);
    return { name: windowName(text), shape, reach: reachOf(shape, tileMs) };
  });
}

interface Tile {
  readonly text: string;
  readonly ms: number;
}

function faultsOf(text: string, shape: WindowShape, tile: Tile): string[] {
  if (shape.kind === 'lifetime') return [];
  const lengths = shape.kind === 'span' ? [shape.ms, shape.hop ?? tile.ms] : [shape.within];
  const faults = lengths.some((ms) => ms % tile.ms !== 0) ? [`${text} is not a multiple of the tile ${tile.text}`] : [];
  if (faults.length === 0 && reachOf(shape, tile.ms) > MOST_TILES)
    faults.push(`${text} has more than ${MOST_TILES} tiles of ${tile.text}: choose a wider tile`);
  if (shape.kind === 'span' && shape.hop !== undefined && shape.hop > shape.ms)
    faults.push(`${text} leaves gaps between its windows: what it hops by is at most its length`);
  if (shape.kind === 'session' && shape.gap < tile.ms)
    faults.push(`${text} has a gap shorter than the tile ${tile.text}, within which sessions cannot be told apart: choose a narrower tile`);
  return faults;
}

function reachOf(shape: WindowShape, tileMs: number): number {
  switch (shape.kind) {
    case 'span':
      return (shape.ms + (shape.hop ?? tileMs)) / tileMs - 1;
    case 'session':
      return shape.within / tileMs;
    case 'lifetime':
      return Infinity;
  }
}

/** Asks about a series; `end`: the tile that holds the moment, `kept`: the first tile that the series still has. */
export interface WindowQuestion {
  readonly series: TileSeries;
  readonly tileMs: number;
  readonly end: number;
  readonly kept: number;
}

/** A run of tiles, and the moment (epoch milliseconds) up to which it tells. */
export interface WindowRun extends TileRun {
  readonly until: number;
}

/** The tiles of a window; undefined where it reaches behind what the series keeps. */
export function runOf({ shape }: WindowPlan, question: WindowQuestion): WindowRun | undefined {
  switch (shape.kind) {
    case 'span':
      return spanRun(shape, question);
    case 'session':
      return sessionRun(shape, question);
    case 'lifetime':
      return question.end < question.kept
        ? undefined
        : { start: 0, end: lowerBound(question.series.tiles, question.end), until: untilOf(question) };
  }
}

const untilOf = ({ end, tileMs }: WindowQuestion): number => end * tileMs;

function spanRun({ ms, hop }: WindowShape & { kind: 'span' }, question: WindowQuestion): WindowRun | undefined {
  const { series, tileMs, kept } = question;
  const step = (hop ?? tileMs) / tileMs;
  const end = Math.floor(question.end / step) * step;
  const from = end - ms / tileMs;
  if (from < kept) return undefined;
  return { start: lowerBound(series.tiles, from), end: lowerBound(series.tiles, end), until: end * tileMs };
}

/** Within a tile no two events are further apart than the gap, so the tiles' first and last events tell the sessions exactly. */
function sessionRun({ gap, within }: WindowShape & { kind: 'session' }, question: WindowQuestion): WindowRun | undefined {
  const { series, tileMs, kept } = question;
  const until = untilOf(question);
  const from = question.end - within / tileMs;
  if (from < kept) return undefined;
  const end = lowerBound(series.tiles, question.end);
  const first = lowerBound(series.tiles, from);
  const { first: begins, last: ends } = series.spans ?? { first: [], last: [] };
  let start = end;
  for (let next = until; start > first && next - (ends[start - 1] as number) <= gap; next = begins[start] as number) start -= 1;
  return { start, end, until };
}
