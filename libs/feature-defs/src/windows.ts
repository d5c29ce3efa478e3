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

/**
 * A window as it is declared; all lengths in milliseconds.
 * - `span`: aggregates [floor(t, hop) − ms, floor(t, hop)). Sliding windows hop with every tile, tumbling ones by their own length.
 * - `session`: the events before floor(t, tile) that lie no further than `gap` from each other, if the last of them lies no further back than
 *   `gap`; of at most the last `within`.
 * - `lifetime`: everything before floor(t, tile).
 */
export type WindowShape =
  | { readonly kind: 'span'; readonly ms: number; readonly hop: number | undefined }
  | { readonly kind: 'session'; readonly gap: number; readonly within: number }
  | { readonly kind: 'lifetime' };

/** A session is not looked at further back than this, where nothing else is declared. */
const LONGEST_SESSION = '24h';

/** What a text such as `1h`, `tumbling 1h`, `hopping 24h by 1h`, `session 30m within 12h` or `lifetime` says. Throws a RangeError for any other. */
export function parseWindow(text: string): WindowShape {
  const [kind = '', length = '', word = '', other = '', more] = text.split(' ');
  if (text === 'lifetime') return { kind: 'lifetime' };
  if (kind === 'tumbling' && word === '') return { kind: 'span', ms: durationMs(length), hop: durationMs(length) };
  if (kind === 'hopping' && word === 'by' && more === undefined) return { kind: 'span', ms: durationMs(length), hop: durationMs(other) };
  if (kind === 'session' && (word === '' || word === 'within') && more === undefined)
    return { kind: 'session', gap: durationMs(length), within: durationMs(word === '' ? LONGEST_SESSION : other) };
  return { kind: 'span', ms: durationMs(text), hop: undefined };
}

/** As it stands in the names of features: `session_30m`. */
export function windowName(text: string): string {
  return text.replaceAll(' ', '_');
}
