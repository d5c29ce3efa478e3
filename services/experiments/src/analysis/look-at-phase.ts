/**
 * The boundary that may be looked at any time. It is looked at after every complete tile of event time and nowhere else, so what it
 * shows, and since when, does not depend on how the events came in batches or on how fast the machine is.
 */
import { EXPERIMENT_DEFAULTS } from '@roofshot/contracts/resources/experiment-kinds';
import { meanArm, type Arm } from '@roofshot/statistics/effect';
import { StatisticsError } from '@roofshot/statistics/errors';
import type { Interval } from '@roofshot/statistics/interval';
import { testSequentially, type SequenceResult } from '@roofshot/statistics/sequential';
import { exposedSeries, valueSeries } from '../join/count-unit.ts';
import { armsOf, type Phase } from '../phases/phase.ts';
import { momentsOf, type ExactSums } from '../sums/exact-sums.ts';
import { RunningTotal, tileStart, type SeriesTable } from '../sums/series.ts';

/** What the boundary shows. */
export interface Looks {
  /** Event time of the first look whose interval left out 0 and since which none has had it in again; epoch milliseconds. */
  readonly significantSince: number | null;
  /** The tile after which the treatment was first shown to be worse; null: not so far. */
  readonly harmedBefore: number | null;
  /** The least p-value of all looks: it never rises again. */
  readonly pValue: number;
}

/** The guarantee holds as if the standard error were known, which takes some dozens of units in each arm. */
export const LEAST_UNITS = 100;

export const alphaOf = ({ frozen }: Phase): number => frozen.spec.design.alpha ?? EXPERIMENT_DEFAULTS.alpha;
export const tuningOf = ({ frozen }: Phase): number => frozen.spec.design.sequentialTuning ?? EXPERIMENT_DEFAULTS.sequentialTuning;

/** Looks after each tile that ends at or before the start of `endTile`. */
export function lookAtPhase(phase: Phase, series: SeriesTable, endTile: number): Looks {
  const { control, treatment } = armsOf(phase.frozen.spec);
  const [controls, treatments] = [series.tiles(valueSeries(control.name)), series.tiles(valueSeries(treatment.name))];
  const totals = [new RunningTotal(controls), new RunningTotal(treatments)] as const;
  let looks: Looks = { significantSince: null, harmedBefore: null, pValue: 1 };
  for (const tile of lookTiles([...controls, ...treatments], endTile)) {
    const arms = [totals[0].advanceTo(tile), totals[1].advanceTo(tile)] as const;
    looks = oneMoreLook(phase, looks, tile, arms);
  }
  return looks;
}

/** The ends of the tiles in which something came: between them nothing changes. */
function lookTiles(tiles: readonly { readonly tile: number }[], endTile: number): number[] {
  const ends = new Set(tiles.map(({ tile }) => tile + 1).filter((end) => end <= endTile));
  return [...ends].sort((a, b) => a - b);
}

function oneMoreLook(phase: Phase, looks: Looks, tile: number, [control, treatment]: readonly [ExactSums, ExactSums]): Looks {
  const arms = armsOfSums(control, treatment);
  const seen = arms && lookOnce(phase, arms, looks.pValue);
  if (arms === undefined || seen === undefined) return looks;
  const isSignificant = leavesOutZero(seen.ci);
  return {
    significantSince: isSignificant ? (looks.significantSince ?? tileStart(phase.frozen.tiling, tile)) : null,
    harmedBefore: looks.harmedBefore ?? (showsHarm(phase, arms) ? tile : null),
    pValue: seen.pValue,
  };
}

export type Arms = readonly [control: Arm, treatment: Arm];

function armsOfSums(control: ExactSums, treatment: ExactSums): Arms | undefined {
  if (control.n < LEAST_UNITS || treatment.n < LEAST_UNITS) return undefined;
  return [meanArm(momentsOf(control)), meanArm(momentsOf(treatment))];
}

/** Two-sided; undefined where there is no answer yet (all values equal). */
export function lookOnce(phase: Phase, [control, treatment]: Arms, previousPValue: number): SequenceResult | undefined {
  const options = { differenceType: 'absolute', alpha: alphaOf(phase), tuningParameter: tuningOf(phase), previousPValue } as const;
  return whereDefined(() => testSequentially(control, treatment, options));
}

/** One-sided: the whole error is spent on the treatment being worse. */
function showsHarm(phase: Phase, [control, treatment]: Arms): boolean {
  const side = phase.frozen.metric.direction === 'decrease' ? 'greater' : 'less';
  const options = { differenceType: 'absolute', alpha: alphaOf(phase), tuningParameter: tuningOf(phase), side } as const;
  const look = whereDefined(() => testSequentially(control, treatment, options));
  return look !== undefined && leavesOutZero(look.ci);
}

function leavesOutZero([low, high]: Interval): boolean {
  return (low !== null && low > 0) || (high !== null && high < 0);
}

/** Undefined where statistics has no honest answer. */
export function whereDefined<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof StatisticsError) return undefined;
    throw error;
  }
}

export const exposedIn = (phase: Phase, series: SeriesTable): number =>
  phase.frozen.spec.variants.reduce((sum, { name }) => sum + series.count(exposedSeries(name)), 0);
