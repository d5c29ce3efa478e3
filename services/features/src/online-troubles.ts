import type { Work } from './online-work.ts';

/** The tries that have failed since the online store last took what it was given. */
export interface Refusals {
  /** Epoch milliseconds of the first. */
  readonly since: number;
  /** What the last failed with. */
  readonly reason: string;
}

/** What `/readyz` says of views whose rows the online store has lost. */
export function tellLost(views: ReadonlySet<string>): string[] {
  if (views.size === 0) return [];
  return [
    `The online store has lost its rows: those of ${listOf(views)} are written again from the database by itself, ` +
      'and until then their values are missing and of unknown age. Keep its data on a disk (Redis: appendonly yes).',
  ];
}

/** What `/readyz` says while the online store takes nothing. `works`: what was not taken; `isTold`: the store says itself why. */
export function tellWaiting(works: readonly Work[], { since, reason }: Refusals, isTold: boolean): string {
  const from = new Date(since).toISOString();
  const fate = 'What waits is written when the store takes it; until then the age of the values grows.';
  return `${waitingOf(works)} for the online store since ${from}. ${fate}${isTold ? '' : ` Why it does not: ${reason}`}`;
}

/** Of what is no longer in memory, only the views are known. */
function waitingOf(works: readonly Work[]): string {
  const views = new Set(works.flatMap(({ abandoned }) => [...abandoned]));
  const rows = new Set(works.flatMap((work) => [...work.rows.keys()])).size;
  if (views.size > 0) return `Rows of ${listOf(views)} wait`;
  return rows === 0 ? 'Marks of progress wait' : `${rows} row${rows === 1 ? ' waits' : 's wait'}`;
}

const listOf = (views: Iterable<string>): string => [...views].sort().join(', ');
