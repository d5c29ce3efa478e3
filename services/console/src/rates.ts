import type { Sample, ServiceView } from './loop-state.ts';

/** Long enough to be calm, short enough to be now. */
const WINDOW_MS = 5_000;

/** Per second over the last five seconds; undefined while there are no two readings, and of a service that does not answer. The sum over several counters, of which `x/*` names many. */
export function rateOf(view: ServiceView | undefined, counters: readonly string[]): number | undefined {
  const newest = view?.samples.at(-1);
  if (view === undefined || newest === undefined || view.gone !== undefined) return undefined;
  const oldest = view.samples.find(({ at }) => at >= newest.at - WINDOW_MS);
  return oldest === undefined ? undefined : rateBetween(oldest, newest, counters);
}

/** The rate of each second, oldest first: the line below a number. */
export function rateLine(view: ServiceView | undefined, counters: readonly string[]): readonly number[] {
  const samples = view?.samples ?? [];
  return samples.slice(1).map((sample, index) => rateBetween(samples[index] ?? sample, sample, counters) ?? 0);
}

export function totalOf(view: ServiceView | undefined, counters: readonly string[]): number {
  return sumOf(view?.samples.at(-1), counters);
}

function rateBetween(from: Sample, to: Sample, counters: readonly string[]): number | undefined {
  const seconds = (to.at - from.at) / 1_000;
  return seconds <= 0 ? undefined : Math.max(0, (sumOf(to, counters) - sumOf(from, counters)) / seconds);
}

function sumOf(sample: Sample | undefined, counters: readonly string[]): number {
  if (sample === undefined) return 0;
  return counters.reduce((sum, counter) => sum + valueOf(sample.totals, counter), 0);
}

/** A name that ends in `*` stands for all that begin like it. */
function valueOf(totals: Sample['totals'], counter: string): number {
  if (!counter.endsWith('*')) return totals[counter] ?? 0;
  const prefix = counter.slice(0, -1);
  return Object.entries(totals).reduce((sum, [name, total]) => (name.startsWith(prefix) ? sum + total : sum), 0);
}
