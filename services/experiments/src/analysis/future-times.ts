/**
 * Heals what a clock that ran ahead has left: a time that has not come cannot have been reached, and while it is kept, everything before
 * it counts as looked at. Facts are taken no later than they were known (see `happenedAt`), so this is for what was kept before that, and
 * for times at which the platform's own clock was wrong.
 */
import type { Queryable } from '@roofshot/storage/sql';
import { tileOf } from '../sums/series.ts';
import type { Looked, Probation } from '../probation/probation.ts';

/** Machines of one platform may disagree about the time by so much. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** Tasks whose time is forgotten come to a new one with what they read next. Answers how many there were; `now`: epoch milliseconds. */
export async function forgetFutureTimes(db: Queryable, now: number): Promise<number> {
  const rows = await db.query('DELETE FROM experiments.event_times WHERE reached > $1 RETURNING topic', [now + CLOCK_TOLERANCE_MS]);
  return rows.length;
}

/** What was looked at before a time that has not come was not: those looks are taken again from the beginning, and come out as they did. */
export function withoutFutureLooks(probation: Probation, now: number): Probation {
  const latest = tileOf(probation.frozen.tiling, now + CLOCK_TOLERANCE_MS);
  const { served, paired } = probation.looked;
  if (served <= latest && paired <= latest) return probation;
  const past = (tile: number): number => (tile > latest ? 0 : tile);
  const looked: Looked = { served: past(served), paired: past(paired) };
  return { ...probation, looked };
}
