import { addEvent, emptySeries, type TileSeries } from '@roofshot/feature-defs/tiles';
import type { FeatureValue } from '@roofshot/feature-defs/feature-value';
import { buildVector } from '@roofshot/feature-defs/vector';
import type { SeriesSource } from '@roofshot/feature-defs/online-rows';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { Contributions } from './contributions.ts';
import type { Gathered } from './gather-events.ts';
import type { SnapshotPlan } from './snapshot-plan.ts';

/** One row of a snapshot: the features in the order of the service. */
export interface SnapshotRow {
  readonly id: string;
  readonly time: number;
  readonly features: readonly FeatureValue[];
  readonly label: number;
}

export interface Joined {
  readonly rows: readonly SnapshotRow[];
  /** Observations whose label was not known at `asOf`. */
  readonly labelNotKnown: number;
}

/** Between two rests other work of the process gets its turn. */
const ROWS_PER_TURN = 500;

/**
 * Goes through the observations in the order of their time. Before each, every event that was known by then is in the series, and no
 * other: what comes out is what serving would have read, by the same code. Event time strictly before the observation follows from
 * the windows, which end with the last whole tile before it.
 */
export async function joinObservations(plan: SnapshotPlan, gathered: Gathered): Promise<Joined> {
  const sweeps = new Map([...gathered.contributions].map(([view, contributions]) => [view, new Sweep(view, contributions)]));
  const source: SeriesSource = { series: (view, entity) => sweeps.get(view)?.series.get(entity), progress: () => null };
  const rows: SnapshotRow[] = [];
  let labelNotKnown = 0;
  for (const [i, observation] of gathered.observations.entries()) {
    if (i % ROWS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    const { id, time, entities, context } = observation;
    const label = id === undefined ? undefined : gathered.labels.get(id);
    if (id === undefined || label === undefined) {
      labelNotKnown += 1;
      continue;
    }
    for (const sweep of sweeps.values()) sweep.advanceTo(time);
    const { values: features } = buildVector(plan.service, { entities, context, asOf: time }, source);
    rows.push({ id, time, features, label });
  }
  return { rows, labelNotKnown };
}

/** The series of one view as they were at a moment that only moves forward. */
class Sweep {
  readonly series = new Map<string, TileSeries>();
  readonly #view: ViewPlan;
  readonly #contributions: Contributions;
  readonly #order: Int32Array;
  #next = 0;

  constructor(view: ViewPlan, contributions: Contributions) {
    this.#view = view;
    this.#contributions = contributions;
    this.#order = contributions.inKnownOrder();
  }

  /** Adds what became known until `time`, inclusive. */
  advanceTo(time: number): void {
    for (; this.#next < this.#order.length; this.#next += 1) {
      const index = this.#order[this.#next] ?? 0;
      if (this.#contributions.knownTime(index) > time) return;
      const contribution = this.#contributions.at(index);
      addEvent(this.#seriesOf(contribution.entity), contribution);
    }
  }

  #seriesOf(entity: string): TileSeries {
    let series = this.series.get(entity);
    if (series === undefined) {
      series = emptySeries(this.#view.layout);
      this.series.set(entity, series);
    }
    return series;
  }
}
