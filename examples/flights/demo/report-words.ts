/** Numbers and times as the report writes them. */

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** With so many digits, thousands separated and a true minus; – where there is no number. */
export function measure(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const written = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return written.replace('-', '−').replace(/^−(0(\.0+)?)$/, '$1');
}

export const count = (value: number): string => measure(value, 0);

/** `[−0.217, −0.168]`; an open end is infinite. */
export function interval([low, high]: readonly [number | null, number | null]): string {
  return `[${low === null ? '−∞' : measure(low)}, ${high === null ? '∞' : measure(high)}]`;
}

/** `15 January, 04:00 UTC`. */
export function moment(time: string): string {
  const date = new Date(time);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}, ${date.toISOString().slice(11, 16)} UTC`;
}

/** `15 Jan`, for axes. */
export function shortDay(time: number): string {
  const date = new Date(time);
  return `${date.getUTCDate()} ${(MONTHS[date.getUTCMonth()] ?? '').slice(0, 3)}`;
}
