import { sendMetricsTo } from './define-metrics.ts';

/** Enough for a steady median; at 1,000 a second it tells of the last half second, at one a minute of the last hours. */
const CAPACITY = 512;

/** The last durations of one metric, over all its tags. */
class LastDurations {
  readonly #values = new Float64Array(CAPACITY);
  #count = 0;

  add(milliseconds: number): void {
    this.#values[this.#count % CAPACITY] = milliseconds;
    this.#count += 1;
  }

  median(): number {
    const values = this.#values.slice(0, Math.min(this.#count, CAPACITY)).sort();
    const middle = (values.length - 1) / 2;
    return ((values[Math.floor(middle)] ?? 0) + (values[Math.ceil(middle)] ?? 0)) / 2;
  }
}

export interface TimingWatch {
  /** Milliseconds by the metric's whole name, of the names that begin with `prefix`. */
  medians(prefix: string): Record<string, number>;
  stop(): void;
}

let shared: { readonly durations: Map<string, LastDurations>; readonly stop: () => void; watchers: number } | undefined;

/** Remembers the last durations of every timing while at least one watch runs; nothing is spent when nobody looks. */
export function watchTimings(): TimingWatch {
  const own = (shared ??= startWatching());
  own.watchers += 1;
  let isStopped = false;
  return {
    medians: (prefix) =>
      Object.fromEntries([...own.durations].filter(([name]) => name.startsWith(prefix)).map(([name, last]) => [name, last.median()])),
    stop: () => {
      if (isStopped) return;
      isStopped = true;
      own.watchers -= 1;
      if (own.watchers > 0) return;
      own.stop();
      shared = undefined;
    },
  };
}

function startWatching(): NonNullable<typeof shared> {
  const durations = new Map<string, LastDurations>();
  const stop = sendMetricsTo({
    count: () => undefined,
    gauge: () => undefined,
    timing: (name, milliseconds) => {
      const last = durations.get(name) ?? new LastDurations();
      last.add(milliseconds);
      durations.set(name, last);
    },
  });
  return { durations, stop, watchers: 0 };
}
