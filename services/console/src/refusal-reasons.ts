import type { Said } from '@roofshot/contracts/http/live';

export interface RefusalReason {
  /** For people: `unknown type`. */
  readonly reason: string;
  readonly count: number;
  readonly newest: { readonly at: number; readonly eventType: string; readonly path: string; readonly detail: string } | undefined;
}

const COUNTER = 'events.refused/';

/** The counts of ingestion's process, most first, each with the newest message that names the reason. */
export function reasonsIn(totals: Readonly<Record<string, number>>, refusals: readonly Said[]): readonly RefusalReason[] {
  return Object.entries(totals)
    .filter(([name, count]) => name.startsWith(COUNTER) && count > 0)
    .map(([name, count]) => ({ word: name.slice(COUNTER.length), count }))
    .sort((a, b) => b.count - a.count || a.word.localeCompare(b.word))
    .map(({ word, count }) => ({ reason: word.replaceAll('-', ' '), count, newest: newestOf(word, refusals) }));
}

function newestOf(word: string, refusals: readonly Said[]): RefusalReason['newest'] {
  const said = refusals.find(({ data }) => data?.['reason'] === word);
  if (said === undefined) return undefined;
  const text = (key: string): string => (typeof said.data?.[key] === 'string' ? said.data[key] : '');
  return { at: said.at, eventType: text('eventType') || 'an event without a type', path: text('path'), detail: text('detail') };
}
