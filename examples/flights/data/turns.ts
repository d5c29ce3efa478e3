/**
 * How long aircraft stay on the ground, as the data tell it: one that lands late leaves late, so landings and the departures
 * some half an hour after them rise and fall together from week to week. Landings are timed by the clocks of the airports
 * that the aircraft came from, departures by the airport's own: a wrong time zone moves the one against the other, and the
 * turn is no longer one that an aircraft can make. It is a witness for the table of zones; the data have no schedule, no
 * tail number and no time of arrival that would be a simpler one.
 */

/** Times in minutes, each list ascending. */
export interface Traffic {
  readonly landings: Float64Array;
  readonly departures: Float64Array;
}

export interface Turn {
  /** Middle of the five minutes around which landings and departures go together most. */
  readonly minutes: number;
  /** How far that stands out, in standard deviations of counts that have nothing to do with each other. */
  readonly strength: number;
}

/** Turns that are looked at, in minutes: wide enough to see a true one that a wrong clock moves by an hour. */
const FIRST = -60;
const BIN = 5;
const BINS = 34;
const WEEK = 7 * 24 * 60;

/**
 * Pairs of a landing and a departure of one day, less the pairs with the departures of the weeks before and after: the
 * timetable is in both, the fate of one day's aircraft only in the first.
 */
export function turnOf(traffics: readonly Traffic[]): Turn {
  const [same = [], before = [], after = []] = [0, WEEK, -WEEK].map((shift) => countPairs(traffics, shift));
  const excess = same.map((count, bin) => 2 * count - (before[bin] ?? 0) - (after[bin] ?? 0));
  const wide = excess.map((middle, bin) => (excess[bin - 1] ?? 0) + middle + (excess[bin + 1] ?? 0));
  const most = Math.max(...wide);
  const mean = sum([...same, ...before, ...after]) / (3 * BINS);
  // Three bins, each twice a count less two others; the variance of such a count is its mean.
  const deviation = Math.sqrt(3 * (4 + 1 + 1) * mean);
  return { minutes: FIRST + BIN * (wide.indexOf(most) + 0.5), strength: deviation === 0 ? 0 : most / deviation };
}

/** By time on the ground: pairs of a landing, moved by `shift` minutes, and a departure. */
function countPairs(traffics: readonly Traffic[], shift: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const traffic of traffics) addPairs(counts, traffic, shift);
  return counts;
}

function addPairs(counts: number[], { landings, departures }: Traffic, shift: number): void {
  let from = 0;
  for (const landing of landings) {
    const first = landing + shift + FIRST;
    while (from < departures.length && at(departures, from) < first) from += 1;
    for (let next = from; next < departures.length; next += 1) {
      const minutes = at(departures, next) - first;
      if (minutes >= BINS * BIN) break;
      const bin = (minutes / BIN) | 0;
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
}

const at = (times: Float64Array, place: number): number => times[place] ?? 0;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
