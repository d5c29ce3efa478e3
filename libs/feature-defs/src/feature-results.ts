/** From what a run of tiles amounts to to the value of a feature. */
import type { Aggregation, ScalarType } from './measures.ts';
import type { Entry } from './cells.ts';
import { countDistinct, type DistinctCell } from './distinct-sketch.ts';
import { SCALE, type ExactSum } from './exact-sum.ts';
import type { Dtype, FeatureValue, Scalar } from './feature-value.ts';
import { quantileOf, type QuantileCell } from './quantile-sketch.ts';
import type { SumColumn, TileSeries } from './tiles.ts';
import { cellIn, countIn, squaresIn, sumIn } from './totals.ts';
import type { WindowRun } from './window-plan.ts';

/** What a result needs to know of its feature; `measure`: the place of its (first) measure. */
export interface ResultPlan {
  readonly aggregation: Aggregation;
  readonly measure: number;
  readonly quantile: number;
  /** Milliseconds. */
  readonly halfLifeMs: number;
}

/** Over no events counts, distinct counts and sums are 0, lists are empty, and everything else is null. */
export function resultOf(plan: ResultPlan, series: TileSeries, run: WindowRun, tileMs: number): FeatureValue {
  const { aggregation, measure } = plan;
  switch (aggregation) {
    case 'count':
      return countIn(series, measure, run);
    case 'sum':
      return Number(sumIn(series, measure, run)) / SCALE;
    case 'mean':
      return quotient(sumIn(series, measure, run), countIn(series, measure, run) * SCALE);
    case 'share':
      return quotient(sumIn(series, measure, run), countIn(series, measure, run));
    case 'ratio':
      return quotient(sumIn(series, measure, run), Number(sumIn(series, measure + 1, run)));
    case 'variance':
      return varianceIn(series, measure, run);
    case 'stddev':
      return rootOf(varianceIn(series, measure, run));
    case 'decayedSum':
      return decayedSum(plan, series, run, tileMs);
    default:
      return fromCell(plan, cellIn(series, measure, run));
  }
}

function quotient(sum: ExactSum, by: number): number | null {
  return by === 0 ? null : Number(sum) / by;
}

/** Of a sample: (n Σx² − (Σx)²) / (n (n − 1)), whole numbers until the one division; null of fewer than two values. */
function varianceIn(series: TileSeries, measure: number, run: WindowRun): number | null {
  const n = countIn(series, measure, run);
  if (n < 2) return null;
  const sum = BigInt(sumIn(series, measure, run));
  const spread = BigInt(n) * BigInt(squaresIn(series, measure, run)) - sum * sum;
  return Number(spread) / (n * (n - 1)) / (SCALE * SCALE);
}

function rootOf(variance: number | null): number | null {
  return variance === null ? null : Math.sqrt(variance);
}

/** Each tile's sum is what is left at the tile's end; from there it decays until the end of the run. Added in the order of the tiles. */
function decayedSum({ measure, halfLifeMs }: ResultPlan, series: TileSeries, { start, end, until }: WindowRun, tileMs: number): number {
  const sums = (series.columns[measure] as SumColumn).sum ?? [];
  let total = 0;
  for (let i = start; i < end; i += 1) {
    const tileEnd = ((series.tiles[i] as number) + 1) * tileMs;
    total += Number(sums[i]) * 2 ** (-(until - tileEnd) / halfLifeMs);
  }
  return total / SCALE;
}

function fromCell({ aggregation, quantile }: ResultPlan, cell: unknown): FeatureValue {
  switch (aggregation) {
    case 'distinct':
      return countDistinct(cell as DistinctCell);
    case 'percentile':
      return quantileOf(cell as QuantileCell, quantile);
    case 'first':
    case 'last':
      return (cell as readonly Entry[])[0]?.[2] ?? null;
    case 'firstK':
    case 'lastK':
      return (cell as readonly Entry[]).map(([, , value]) => value);
    case 'topK':
      return cell as Scalar[];
    default:
      return cell as number | null;
  }
}

const OF_TYPE: Readonly<Record<ScalarType, Dtype>> = { number: 'float', string: 'string', boolean: 'bool' };

export function dtypeOf(aggregation: Aggregation, type: ScalarType): Dtype {
  switch (aggregation) {
    case 'count':
    case 'distinct':
      return 'int';
    case 'first':
    case 'last':
      return OF_TYPE[type];
    case 'firstK':
    case 'lastK':
    case 'topK':
      return `${OF_TYPE[type]}_list` as Dtype;
    default:
      return 'float';
  }
}
