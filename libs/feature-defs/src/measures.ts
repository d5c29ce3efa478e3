/** Measures: what a view keeps of its events. A feature is computed from one measure, a ratio from two. */
import type { FeatureSpec } from '@roofshot/contracts/resources/feature-kinds';
import { hashValue } from './hash-value.ts';
import { binOf } from './quantile-sketch.ts';
import { LARGEST_VALUE, toMillionths } from './exact-sum.ts';
import { keyPartOf } from './entity-key.ts';
import type { Scalar } from './feature-value.ts';

export type Aggregation = FeatureSpec['aggregation'];
export type ScalarType = NonNullable<FeatureSpec['type']>;

/** How a measure's values are kept: as exact sums, or in cells by the rule of that code. */
export type Layout = 'count' | 'sum' | 'moments' | { readonly cells: string };

/**
 * What one event adds to one measure, one scalar: millionths for sums, 1 or 0 for shares, 1 for counts, a hash for `distinct`, a bin for
 * percentiles, else the value. Null is left out.
 */
export type Addend = Scalar | null;

/** From the value of an expression to what it adds. `report` hears of a value that breaks the measure; null then. */
export type ToAddend = (value: unknown, report: (message: string) => void, place: AddendPlace) => Addend;

export interface AddendPlace {
  readonly eventTime: number;
  /** Of the tile that the event lies in. */
  readonly tileEnd: number;
}

export interface MeasureRule {
  readonly layout: Layout;
  readonly toAddend: ToAddend;
}

/** What the measures of an aggregation need to know of its feature. */
export interface MeasureOptions {
  readonly type: ScalarType;
  readonly k: number;
  /** Milliseconds. */
  readonly halfLifeMs: number;
}

/** The rule of an aggregation's measure (of a ratio: of both). */
export function measureRule(aggregation: Aggregation, { type, k, halfLifeMs }: MeasureOptions): MeasureRule {
  switch (aggregation) {
    case 'count':
      return { layout: 'count', toAddend: () => 1 };
    case 'share':
      return { layout: 'sum', toAddend: toTruth };
    case 'sum':
    case 'mean':
    case 'ratio':
      return { layout: 'sum', toAddend: numeric(aggregation, toMillionths) };
    case 'variance':
    case 'stddev':
      return { layout: 'moments', toAddend: numeric(aggregation, toMillionths) };
    case 'decayedSum':
      return { layout: 'sum', toAddend: numeric(aggregation, (value, place) => toMillionths(value * decayUntil(place, halfLifeMs))) };
    case 'min':
    case 'max':
      return { layout: { cells: aggregation }, toAddend: numeric(aggregation, (value) => value + 0) };
    case 'percentile':
      return { layout: { cells: 'bins' }, toAddend: numeric(aggregation, binOf) };
    case 'distinct':
      return { layout: { cells: 'distinct' }, toAddend: toHash };
    default:
      return { layout: { cells: `${KEPT[aggregation]} ${k}` }, toAddend: typed(aggregation, type) };
  }
}

const KEPT = { first: 'first', firstK: 'first', last: 'last', lastK: 'last', topK: 'top' } as const;

/** How much of a value at `eventTime` is left at the end of its tile. */
function decayUntil({ eventTime, tileEnd }: AddendPlace, halfLifeMs: number): number {
  return 2 ** (-(tileEnd - eventTime) / halfLifeMs);
}

function numeric(aggregation: Aggregation, convert: (value: number, place: AddendPlace) => number): ToAddend {
  return (value, report, place) => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'boolean') return convert(Number(value), place);
    if (typeof value !== 'number') return refuse(`a ${aggregation} needs numbers and got a ${typeof value}`, report);
    if (Math.abs(value) > LARGEST_VALUE) return refuse(`${value} is beyond ±${LARGEST_VALUE}`, report);
    return convert(value, place);
  };
}

function toTruth(value: unknown, report: (message: string) => void): Addend {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return refuse(`a share needs true or false and got a ${typeof value}`, report);
}

function toHash(value: unknown, report: (message: string) => void): Addend {
  if (value === null || value === undefined) return null;
  if (keyPartOf(value) === undefined) return refuse(`a distinct needs numbers, texts or truth values and got a ${typeof value}`, report);
  return hashValue(value as Scalar);
}

/** Longer texts are cut: a series is read and written as a whole. */
const LONGEST_TEXT = 256;

function typed(aggregation: Aggregation, type: ScalarType): ToAddend {
  return (value, report) => {
    if (value === null || value === undefined) return null;
    if (typeof value !== type) return refuse(`a ${aggregation} of type ${type} got a ${typeof value}`, report);
    if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
    return typeof value === 'number' ? value + 0 : (value as boolean);
  };
}

function refuse(message: string, report: (message: string) => void): null {
  report(message);
  return null;
}
