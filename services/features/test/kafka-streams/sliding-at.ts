import type { WindowEvent, WindowTotals } from './window-spec.ts';

/**
 * What [at − difference, at] holds (both ends inclusive), read from the sliding windows of that difference that were materialised. Of any
 * set of events that such an interval can hold, one window holds exactly that set; it is, among those of the key, the one that starts last
 * at or before `at − difference`. Undefined where the interval holds no event.
 *
 * A value at t over [t − w, t), as feature views have it, is the one at `t − 1` for a difference of `w − 1` milliseconds.
 */
export function slidingAt(
  windows: readonly WindowTotals[],
  events: readonly WindowEvent[],
  { key, at, differenceMs }: { key: string; at: number; differenceMs: number },
): WindowTotals | undefined {
  const from = at - differenceMs;
  if (!events.some((event) => event.key === key && from <= event.time && event.time <= at)) return undefined;
  const candidates = windows.filter((window) => window.key === key && window.start <= from);
  return candidates.reduce<WindowTotals | undefined>((last, window) => (last && last.start >= window.start ? last : window), undefined);
}
