/** Local hour and weekday of a moment, fast: an offset is looked up once per zone and quarter of an hour. */

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Offsets change at whole quarters of an hour; so many of them are remembered (about a year of one zone's quarters). */
const MOST_OFFSETS = 40_000;

const formats = new Map<string, Intl.DateTimeFormat | null>();
let offsets = new Map<string, number>();

/** Hour of the day, 0–23, in an IANA zone; null when there is no such zone. */
export function localHour(time: number, zone: string): number | null {
  const local = localTime(time, zone);
  return local === null ? null : Math.floor(mod(local, DAY_MS) / HOUR_MS);
}

/** Day of the week, Monday = 0 … Sunday = 6, in an IANA zone; null when there is no such zone. */
export function localWeekday(time: number, zone: string): number | null {
  const local = localTime(time, zone);
  // 1 January 1970 was a Thursday.
  return local === null ? null : mod(Math.floor(local / DAY_MS) + 3, 7);
}

function localTime(time: number, zone: string): number | null {
  if (zone === 'UTC') return time;
  const quarter = Math.floor(time / QUARTER_MS);
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return time + known;
  const format = formatOf(zone);
  if (format === null) return null;
  if (offsets.size >= MOST_OFFSETS) offsets = new Map();
  const offset = offsetOf(format, quarter * QUARTER_MS);
  offsets.set(key, offset);
  return time + offset;
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = createFormat(zone);
  formats.set(zone, format);
  return format;
}

function createFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    const digits = 'numeric';
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: digits,
      month: digits,
      day: digits,
      hour: digits,
      minute: digits,
    });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function offsetOf(format: Intl.DateTimeFormat, time: number): number {
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const part = (type: string): number => parts.get(type as Intl.DateTimeFormatPartTypes) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute')) - time;
}

function mod(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}
