/** Sums over time: each series is cut into tiles of event time, so that every look at it can be made again, whenever it is made. */
import { addSums, countUnit, isZero, noSums, type ExactSums } from './exact-sums.ts';

/** What one unit adds to one series. */
export interface Entry {
  /** Series. */
  readonly s: string;
  /** Event time, epoch milliseconds: decides the tile. */
  readonly at: number;
  /** Outcome; absent in series that only count. */
  readonly y?: number;
  /** Covariate. */
  readonly x?: number;
}

/** Tiles of equal width from `origin` on; numbers may be negative. */
export interface Tiling {
  readonly origin: number;
  readonly width: number;
}

export const tileOf = ({ origin, width }: Tiling, at: number): number => Math.floor((at - origin) / width);
/** The time at which a tile begins, and the one before it ends. */
export const tileStart = ({ origin, width }: Tiling, tile: number): number => origin + tile * width;

export interface Delta {
  readonly scope: number;
  readonly series: string;
  readonly tile: number;
  readonly sums: ExactSums;
}

/** Collects what a batch changes, by series and tile. */
export class Deltas {
  readonly #byKey = new Map<string, Delta>();

  count(scope: number, tiling: Tiling, entry: Entry, sign: 1 | -1): void {
    const tile = tileOf(tiling, entry.at);
    const key = `${scope} ${tile} ${entry.s}`;
    let delta = this.#byKey.get(key);
    if (delta === undefined) this.#byKey.set(key, (delta = { scope, series: entry.s, tile, sums: noSums() }));
    countUnit(delta.sums, sign, entry.y ?? 0, entry.x ?? null);
  }

  /** Those that change something, in the one order in which rows are locked. */
  list(): Delta[] {
    return [...this.#byKey.values()].filter(({ sums }) => !isZero(sums)).sort(byKey);
  }
}

function byKey(a: Delta, b: Delta): number {
  if (a.scope !== b.scope) return a.scope - b.scope;
  if (a.series !== b.series) return a.series < b.series ? -1 : 1;
  return a.tile - b.tile;
}

/** What is kept of one scope. */
export class SeriesTable {
  readonly #tiles: ReadonlyMap<string, readonly TileSums[]>;

  /** `rows`: any order; one per series and tile. */
  constructor(rows: readonly (TileSums & { readonly series: string })[]) {
    const tiles = Map.groupBy(rows, ({ series }) => series);
    for (const list of tiles.values()) list.sort((a, b) => a.tile - b.tile);
    this.#tiles = tiles;
  }

  /** In order of time. */
  tiles(series: string): readonly TileSums[] {
    return this.#tiles.get(series) ?? [];
  }

  /** All tiles before `end`; default: all there are. */
  total(series: string, end = Number.POSITIVE_INFINITY): ExactSums {
    const sums = noSums();
    for (const tile of this.tiles(series)) {
      if (tile.tile >= end) break;
      addSums(sums, tile.sums);
    }
    return sums;
  }

  count(series: string, end?: number): number {
    return Number(this.total(series, end).n);
  }
}

export interface TileSums {
  readonly tile: number;
  readonly sums: ExactSums;
}

/** Walks series tile by tile with running totals: `advanceTo(t)` takes in every tile that ends at or before the start of tile `t`. */
export class RunningTotal {
  readonly sums = noSums();
  readonly #tiles: readonly TileSums[];
  #next = 0;

  constructor(tiles: readonly TileSums[]) {
    this.#tiles = tiles;
  }

  advanceTo(tile: number): ExactSums {
    for (let next = this.#tiles[this.#next]; next !== undefined && next.tile < tile; next = this.#tiles[this.#next]) {
      addSums(this.sums, next.sums);
      this.#next += 1;
    }
    return this.sums;
  }
}
