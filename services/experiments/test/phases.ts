/** Phases and sums for tests of pure rules, without a database. */
import type { ExperimentSpec, MetricSpec } from '@roofshot/contracts/resources/experiment-kinds';
import { exposedSeries, valuedSeries, valueSeries } from '../src/join/count-unit.ts';
import type { Phase } from '../src/phases/phase.ts';
import { tilingOf } from '../src/phases/phase.ts';
import { countUnit, noSums, type ExactSums } from '../src/sums/exact-sums.ts';
import { Deltas, SeriesTable, type Entry, type Tiling } from '../src/sums/series.ts';
import { costPerFlight, DAY, freshFeatures, MONDAY } from './lab.ts';

export function phaseWith({ spec = {}, metric = {} }: { spec?: Partial<ExperimentSpec>; metric?: Partial<MetricSpec> } = {}): Phase {
  const wholeMetric: MetricSpec = { ...costPerFlight, ...metric };
  return {
    experiment: 'e',
    phase: 1,
    scope: 1,
    deployment: 'delays',
    state: 'running',
    configVersion: 1,
    startedAt: MONDAY,
    endsAt: MONDAY + 7 * DAY,
    frozen: {
      spec: { ...freshFeatures, ...spec },
      metric: wholeMetric,
      metrics: [{ name: 'cost-per-flight', spec: wholeMetric }],
      model: 'delay',
      alias: 'champion',
      champion: 1,
      challenger: 2,
      startedBy: 'tests',
      correlationId: null,
      tiling: tilingOf(MONDAY, 7 * DAY),
    },
    publishedUntil: null,
    decision: null,
    promotion: null,
    promotionDetail: null,
  };
}

export interface UnitValue {
  readonly variant: string;
  readonly exposedAt: number;
  /** Absent: no outcome. */
  readonly y?: number;
  readonly x?: number;
  readonly outcomeAt?: number;
}

export function tableOf(tiling: Tiling, entries: readonly Entry[]): SeriesTable {
  const deltas = new Deltas();
  for (const entry of entries) deltas.count(1, tiling, entry, 1);
  return new SeriesTable(deltas.list());
}

/** The sums of a phase in which these units were seen. */
export function seriesOfUnits(tiling: Tiling, units: readonly UnitValue[]): SeriesTable {
  const entries = units.flatMap(({ variant, exposedAt, y, x, outcomeAt = exposedAt }): Entry[] => {
    const exposed = { s: exposedSeries(variant), at: exposedAt };
    if (y === undefined) return [exposed];
    return [
      exposed,
      { s: valuedSeries(variant), at: exposedAt },
      { s: valueSeries(variant), at: outcomeAt, y, ...(x !== undefined && { x }) },
    ];
  });
  return tableOf(tiling, entries);
}

export function sumsOf(values: readonly (readonly [y: number, x?: number | null])[]): ExactSums {
  const sums = noSums();
  for (const [y, x = null] of values) countUnit(sums, 1, y, x);
  return sums;
}
