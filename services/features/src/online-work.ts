import { idOf, type StoredSeries } from './series-store.ts';
import type { Settlement } from './view-positions.ts';

/** What waits for the online store. */
export interface Work {
  readonly rows: Map<string, StoredSeries>;
  readonly settlements: Map<string, Settlement>;
  /** Views of which somebody else has left rows behind: they are looked for in the state. */
  readonly abandoned: Set<string>;
}

/** So many waiting rows are kept in memory; beyond, they are found again in the state. */
const MOST_WAITING = 50_000;

export const settlementId = ({ view, topic, partition }: Settlement): string => `${view} ${topic} ${partition}`;

export function noWork(): Work {
  return { rows: new Map(), settlements: new Map(), abandoned: new Set() };
}

/**
 * Of a row that comes twice the one with the greater version stays: two transactions that changed it one after the other may be heard of
 * in the other order, because the second is let go before the first is answered.
 */
export function addRows({ rows }: Work, added: Iterable<StoredSeries>): void {
  for (const row of added) {
    const id = idOf(row);
    const held = rows.get(id);
    if (held === undefined || held.version < row.version) rows.set(id, row);
  }
}

export function joinWork(older: Work, newer: Work): Work {
  const joined = {
    rows: new Map(older.rows),
    settlements: new Map([...older.settlements, ...newer.settlements]),
    abandoned: new Set([...older.abandoned, ...newer.abandoned]),
  };
  addRows(joined, newer.rows.values());
  shedRows(joined);
  return joined;
}

export function shedRows({ rows, abandoned }: Work): void {
  if (rows.size <= MOST_WAITING) return;
  for (const { view } of rows.values()) abandoned.add(view);
  rows.clear();
}
