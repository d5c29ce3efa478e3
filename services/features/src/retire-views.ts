import type { OnlineStore } from '@roofshot/storage/online-store';
import { progressRow, seriesRow } from '@roofshot/feature-defs/online-rows';
import type { Sql } from '@roofshot/storage/sql';
import type { ActiveViews } from './active-views.ts';
import { deleteParked } from './parked-events.ts';
import { deleteSeries, mergeShards, pageSeries } from './series-store.ts';
import { deletePositions, knownViews } from './view-positions.ts';

export interface RetireViewsSetup {
  readonly sql: Sql;
  readonly online: OnlineStore;
  readonly views: ActiveViews;
}

const PAGE = 500;

/**
 * Clears the state of views that nobody reads any more: of deleted ones, and of generations before the last but one. The last but
 * one stays, because readers learn of a change a moment later. First the online store, then the state, so that nothing is left over.
 */
export async function retireViews({ sql, online, views }: RetireViewsSetup): Promise<void> {
  for (const stateKey of await knownViews(sql)) {
    if (!isRetired(stateKey, views)) continue;
    for (;;) {
      const page = await pageSeries(sql, stateKey, { since: null, after: '', limit: PAGE });
      if (page.length === 0) break;
      await online.put(
        mergeShards(page).map(({ entity, series, version }) => ({ ...seriesRow(stateKey, entity, series, version + 1), value: null })),
      );
      await deleteSeries(sql, stateKey, [...new Set(page.map(({ entity }) => entity))]);
    }
    await online.put([{ ...progressRow(stateKey, Number.MAX_SAFE_INTEGER), value: null }]);
    await deleteParked(sql, stateKey);
    await deletePositions(sql, stateKey);
  }
}

function isRetired(stateKey: string, views: ActiveViews): boolean {
  const at = stateKey.lastIndexOf('@');
  const [name, generation] = [stateKey.slice(0, at), Number(stateKey.slice(at + 1))];
  const last = views.definitions.lastView(name);
  if (last === undefined) return false;
  return last.deleted ? generation <= last.generation : generation < last.generation - 1;
}
