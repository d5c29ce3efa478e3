import { cpus, totalmem } from 'node:os';

export interface Row {
  readonly key: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure must reach, in words. */
  readonly bar: string;
}

export function machine(): Readonly<Record<string, string | number>> {
  const [cpu] = cpus();
  return { cpu: cpu?.model ?? 'unknown', cores: cpus().length, memoryGb: Math.round(totalmem() / 1e9), node: process.version };
}

/** Rounded to three significant digits, so that noise does not look like knowledge. */
export const round = (value: number): number => Number(value.toPrecision(3));

/** The value below which a share `q` of the values lies; NaN when there are none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
