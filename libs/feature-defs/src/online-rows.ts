/**
 * How series and progress lie in the online store: written by the features service, read by serving.
 * Per view one row for each entity (its tile series) and one row with the view's progress; `view` is the plan's `stateKey`.
 */
import type { OnlineKey, OnlineRow } from '@roofshot/storage/online-store';
import { decodeSeries, encodeSeries } from './series-text.ts';
import type { TileSeries } from './tiles.ts';
import type { ViewPlan } from './view-plan.ts';

/** Not the text of any entity's key, which is a JSON array. */
const PROGRESS_ENTITY = '#progress';

/** The online row of a series; it must have at least one event. `version` rises with each change of the row. */
export function seriesRow(stateKey: string, entity: string, series: TileSeries, version: number): OnlineRow {
  return { view: stateKey, entity, eventTime: series.horizon, knownTime: series.known, version, value: encodeSeries(series) };
}

/**
 * Says that everything before event time `progress` is in the view's rows. Greater progress wins. `held`: the store had everything that was
 * committed until then (epoch milliseconds).
 */
export function progressRow(stateKey: string, progress: number, held = 0): OnlineRow {
  return { view: stateKey, entity: PROGRESS_ENTITY, eventTime: progress, knownTime: held, version: 0, value: JSON.stringify({ progress }) };
}

export function seriesKey(plan: ViewPlan, entity: string): OnlineKey {
  return { view: plan.stateKey, entity };
}

export function progressKey({ stateKey }: Pick<ViewPlan, 'stateKey'>): OnlineKey {
  return { view: stateKey, entity: PROGRESS_ENTITY };
}

/** Where feature vectors are computed from. */
export interface SeriesSource {
  /** Undefined when the entity was never seen. */
  series(plan: ViewPlan, entity: string): TileSeries | undefined;
  /** Event time (epoch milliseconds) before which everything is in the series; null when that is not known. */
  progress(plan: ViewPlan): number | null;
}

const nameOf = ({ view, entity }: OnlineKey): string => `${view} ${entity}`;

/** Rows read in one round trip, decoded when they are first asked for. A tombstone counts as never seen. */
export class OnlineRows implements SeriesSource {
  readonly #values = new Map<string, string>();
  readonly #decoded = new Map<string, TileSeries>();

  /** `rows` in the order of `keys`, as `OnlineStore.get` answers. */
  constructor(keys: readonly OnlineKey[], rows: readonly (OnlineRow | undefined)[]) {
    keys.forEach((key, i) => {
      const value = rows[i]?.value;
      if (typeof value === 'string') this.#values.set(nameOf(key), value);
    });
  }

  series(plan: ViewPlan, entity: string): TileSeries | undefined {
    const name = nameOf(seriesKey(plan, entity));
    const known = this.#decoded.get(name);
    if (known !== undefined) return known;
    const value = this.#values.get(name);
    if (value === undefined) return undefined;
    const series = decodeSeries(value);
    this.#decoded.set(name, series);
    return series;
  }

  progress(plan: ViewPlan): number | null {
    const value = this.#values.get(nameOf(progressKey(plan)));
    return value === undefined ? null : (JSON.parse(value) as { progress: number }).progress;
  }
}
