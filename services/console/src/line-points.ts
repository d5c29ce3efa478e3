/** The drawing's own units; it is stretched to its place. */
export const LINE_WIDTH = 120;
export const LINE_HEIGHT = 24;
/** The seconds that the whole width stands for. */
const SECONDS = 60;

/** Points of a line of one value a second: the newest at the right edge, the highest at the top, zero on the ground. */
export function linePoints(values: readonly number[]): string {
  const highest = Math.max(1, ...values);
  const step = LINE_WIDTH / (SECONDS - 1);
  const left = LINE_WIDTH - (values.length - 1) * step;
  const heightOf = (value: number): number => LINE_HEIGHT - 1 - (value / highest) * (LINE_HEIGHT - 2);
  return values.map((value, index) => `${(left + index * step).toFixed(1)},${heightOf(value).toFixed(1)}`).join(' ');
}
