/** The demo's dates, in event time (UTC). */
export const CALENDAR = {
  /** Days of the slice, by local date: three weeks, then one to warm the windows and one for the faults. */
  days: { firstDay: '2001-01-01', warmDay: '2001-01-28', faultDay: '2001-01-29' },
  trainFrom: '2001-01-02T00:00:00Z',
  /** End of 13 January: what is not known by then does not exist for the training. */
  trainTo: '2001-01-14T00:00:00Z',
  experimentFrom: '2001-01-15T00:00:00Z',
  faultDayFrom: '2001-01-29T00:00:00Z',
  /** Writes to the online store stop. */
  storeFault: '2001-01-29T10:30:00Z',
  /** The store has healed and the alias is set forward again. */
  healed: '2001-01-29T12:00:00Z',
  /** Entity keys are mixed up from here to the end of the day. */
  keyFault: '2001-01-29T12:15:00Z',
  end: '2001-01-30T12:00:00Z',
} as const;

/** The experiment of so many days (1 to 7, as its resource asks for): its end, when its last outcome has matured (12 h), and the last local day needed. */
export function experimentOf(days: number): { readonly to: string; readonly matured: string; readonly lastDay: string } {
  const to = millis(CALENDAR.experimentFrom) + 24 * HOUR * days;
  return { to: iso(to), matured: iso(to + 14 * HOUR), lastDay: iso(to - HOUR).slice(0, 10) };
}

/** The experiment's days in words. */
export const experimentDays = (days: number): string => (days === 1 ? '15 January' : `15–${14 + days} January`);

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** The replay's step: no prediction may read features older than one. */
export const STEP = 5 * MINUTE;
export const millis = (time: string): number => Date.parse(time);
export const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');
