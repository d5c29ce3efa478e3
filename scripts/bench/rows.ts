import { cpus, totalmem } from 'node:os';

export interface Row {
  readonly key: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: Bar;
}

/** What a figure must reach, in its unit. */
export interface Bar {
  readonly is: 'at least' | 'at most';
  readonly value: number;
  /** Under which conditions. */
  readonly note?: string;
}

export const atLeast = (value: number, note?: string): Bar => ({ is: 'at least', value, ...(note !== undefined && { note }) });
export const atMost = (value: number, note?: string): Bar => ({ is: 'at most', value, ...(note !== undefined && { note }) });

export const isMet = ({ value, bar }: Row): boolean => (bar.is === 'at least' ? value >= bar.value : value <= bar.value);

/** `≥ 3,000`, `≤ 5; 50 requests a second`. */
export function barText({ is, value, note }: Bar): string {
  const bound = `${is === 'at least' ? '≥' : '≤'} ${value.toLocaleString('en')}`;
  return note === undefined ? bound : `${bound}; ${note}`;
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
