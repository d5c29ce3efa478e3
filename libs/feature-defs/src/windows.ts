/** Durations, tiles and windows. Every time here is a whole number of epoch milliseconds, and event time. */

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^([1-9][0-9]*)(s|m|h|d)$/;

/** Milliseconds of a duration such as `30s`, `5m`, `24h`, `7d`. Throws a RangeError for any other text. */
export function durationMs(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  const milliseconds = Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(milliseconds)) {
    throw new RangeError(
      `"${text}" is not a duration: write a whole number of seconds, minutes, hours or days, such as 30s, 5m, 24h or 7d.`,
    );
  }
  return milliseconds;
}

/** The start of the tile that holds `time`; tiles are counted from the epoch, also before it. */
export function floorToTile(time: number, tileMs: number): number {
  return Math.floor(time / tileMs) * tileMs;
}

export interface Interval {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/**
 * What a value at `time` aggregates: [floor(time) − window, floor(time)). The tile that holds `time` is never in it,
 * so nothing that happens at `time` or later can leak into a value at `time`.
 */
export function windowAt(time: number, tileMs: number, windowMs: number): Interval {
  const to = floorToTile(time, tileMs);
  return { from: to - windowMs, to };
}
