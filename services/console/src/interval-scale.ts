/** The room beside the outermost value, as a part of the whole. */
const ROOM = 0.06;

export interface IntervalScale {
  readonly from: number;
  readonly to: number;
  /** Per cent from the left edge. */
  place(value: number): number;
}

/** A scale that holds all values and zero; unbounded ends (null) run to its edges. */
export function intervalScale(values: readonly (number | null)[]): IntervalScale {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)];
  const room = (high - low || 1) * ROOM;
  const [from, to] = [low - room, high + room];
  return { from, to, place: (value) => Math.round((1_000 * (value - from)) / (to - from)) / 10 };
}
