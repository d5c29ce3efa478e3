const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** A space that keeps a number and its unit on one line. */
const THIN = '\u202f';
const BELOW_SHOWN_RATE = 0.05;

/** 12,345 as it is; from a million on shortened: 1.2M. */
export function formatCount(count: number): string {
  return Math.abs(count) >= 1_000_000 ? compact.format(count) : whole.format(count);
}

/** Per second, with a digit after the point below ten. `undefined`: nothing to compare with yet. */
export function formatRate(perSecond: number | undefined): string {
  if (perSecond === undefined) return '–';
  if (perSecond < BELOW_SHOWN_RATE) return '0';
  return perSecond < 10 ? oneDigit.format(perSecond) : formatCount(perSecond);
}

/** 0.35 ms, 4.2 ms, 310 ms, 4.1 s, 2 min. */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds < 1) return `${twoDigits.format(milliseconds)}${THIN}ms`;
  if (milliseconds < 10) return `${oneDigit.format(milliseconds)}${THIN}ms`;
  if (milliseconds < 1_000) return `${whole.format(milliseconds)}${THIN}ms`;
  if (milliseconds < 100_000) return `${oneDigit.format(milliseconds / 1_000)}${THIN}s`;
  return `${whole.format(milliseconds / 60_000)}${THIN}min`;
}

/** The wall clock of the reader: 14:03:59. */
export function formatTime(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** At most three digits that matter: −0.172, 0.061, 12.3. */
export function formatMeasure(value: number): string {
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value).replace('-', '−');
}

/** `1 version`, `2 versions`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment of event time, in UTC whoever reads: 22 Jan 2001 12:00. */
export function formatEventTime(at: number): string {
  const date = new Date(at);
  const [hours, minutes] = [date.getUTCHours(), date.getUTCMinutes()].map((part) => String(part).padStart(2, '0'));
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()} ${hours}:${minutes}`;
}

/** One after the other, each with one full stop; empty ones are left out. */
export function sentences(...parts: readonly string[]): string {
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => (/[.!?]$/.test(part) ? part : `${part}.`))
    .join(' ');
}
