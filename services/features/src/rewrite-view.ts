import { progressKey, seriesRow } from '@roofshot/feature-defs/online-rows';
import type { OnlineIdentity, OnlineStore } from '@roofshot/storage/online-store';
import type { Sql } from '@roofshot/storage/sql';
import { metrics } from './metrics.ts';
import { mergeShards, pageSeries, type StoredSeries } from './series-store.ts';
import { readPositions, settlePositions, type ViewPosition } from './view-positions.ts';

export interface RewriteSetup {
  readonly sql: Sql;
  readonly online: OnlineStore;
}

export interface Rewrite {
  readonly view: string;
  readonly store: OnlineIdentity;
  /** Whether the store may hold less than the positions say: then it is asked. */
  readonly doubted: boolean;
}

/** Rows read and put at a time. */
const PAGE = 500;
/** A row's time is that of its transaction's beginning; no transaction of this service lasts as long. */
const MARGIN_MS = 60_000;

/**
 * Puts the view's committed rows that the store may miss, all of them where it is another store than the one that had them, and writes
 * down that it has them. Throws OtherStore when it became another meanwhile.
 */
export async function rewriteView({ sql, online }: RewriteSetup, { view, store, doubted }: Rewrite): Promise<void> {
  const positions = await readPositions(sql, [view]); // before the rows: whatever they speak of is among them
  const since = sinceOf(positions, store.mark, doubted ? await heldUntil(online, view) : Infinity);
  for (let after = ''; ;) {
    const page = await pageSeries(sql, view, { since, after, limit: PAGE });
    if (page.length === 0) break;
    after = page.at(-1)?.entity ?? after;
    await putRows(online, mergeShards(page), store);
  }
  const settlements = positions.map(({ nextOffset, ...position }) => ({ ...position, offset: nextOffset }));
  if (settlements.length > 0) await settlePositions(sql, settlements, { mark: store.mark, whole: since === null });
}

export async function putRows(online: OnlineStore, rows: readonly StoredSeries[], store: OnlineIdentity): Promise<void> {
  if (rows.length === 0) return;
  await online.put(
    rows.map(({ view, entity, series, version }) => seriesRow(view, entity, series, version)),
    store,
  );
  metrics['online.rows'](rows.length);
}

/** Until when (epoch milliseconds) the store has all of the view by its own account; null where it has none. */
async function heldUntil(online: OnlineStore, view: string): Promise<number | null> {
  const [row] = await online.get([progressKey({ stateKey: view })]);
  return row?.knownTime ?? null;
}

/** From when on rows may be missing; null: from the beginning. */
function sinceOf(positions: readonly ViewPosition[], mark: string, held: number | null): Date | null {
  const times = positions.map(({ onlineAt, onlineMark }) => (onlineMark === mark ? onlineAt : null)?.getTime());
  if (held === null || times.length === 0 || times.includes(undefined)) return null;
  return new Date(Math.min(held, ...times.map((time) => time ?? 0)) - MARGIN_MS);
}

/** Until when (epoch milliseconds) the store had all of each view. */
export function heldTimes(positions: readonly ViewPosition[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { view, onlineAt } of positions) times.set(view, Math.min(times.get(view) ?? Infinity, onlineAt?.getTime() ?? 0));
  return times;
}
