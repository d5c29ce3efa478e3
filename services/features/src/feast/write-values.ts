/** Values and times as JSON, in the forms that Feast has. */

/** Of what has no time. */
export const NO_TIME = '"1970-01-01T00:00:00Z"';

/** What is no count keeps its point (`5.0`): Python reads `5` as an integer, and a column of both as neither. */
export function writeValue(value: unknown, isFloat: boolean): string {
  return isFloat && Number.isSafeInteger(value) ? `${String(value)}.0` : JSON.stringify(value ?? null);
}

/** RFC 3339; whole seconds have no fraction. `time`: epoch milliseconds. */
export function writeTime(time: number): string {
  const text = new Date(time).toISOString();
  return text.endsWith('.000Z') ? `"${text.slice(0, -5)}Z"` : `"${text}"`;
}
