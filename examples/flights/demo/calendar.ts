/** The demo's dates, in event time (UTC). */
export const CALENDAR = {
  /** Days of the slice, by local date: three weeks, then one to warm the windows and one for the faults. */
  days: { firstDay: '2001-01-01', lastDay: '2001-01-21', warmDay: '2001-01-28', faultDay: '2001-01-29' },
  trainFrom: '2001-01-02T00:00:00Z',
  /** End of 13 January: what is not known by then does not exist for the training. */
  trainTo: '2001-01-14T00:00:00Z',
  experimentFrom: '2001-01-15T00:00:00Z',
  experimentTo: '2001-01-22T00:00:00Z',
  /** The last outcome of the week has matured (12 h). */
  experimentMatured: '2001-01-22T14:00:00Z',
  faultDayFrom: '2001-01-29T00:00:00Z',
  /** Writes to the online store stop. */
  storeFault: '2001-01-29T10:30:00Z',
  /** The store has healed and the alias is set forward again. */
  healed: '2001-01-29T12:00:00Z',
  /** Entity keys are mixed up from here to the end of the day. */
  keyFault: '2001-01-29T12:15:00Z',
  end: '2001-01-30T12:00:00Z',
} as const;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** The replay's step: no prediction may read features older than one. */
export const STEP = 5 * MINUTE;
export const millis = (time: string): number => Date.parse(time);
export const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');
