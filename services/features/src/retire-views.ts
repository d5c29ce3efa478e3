import type { OnlineStore } from '@roofshot/storage/online-store';
import { progressRow, seriesRow } from '@roofshot/feature-defs/online-rows';
import type { Sql } from '@roofshot/storage/sql';
import type { Live } from '@roofshot/feature-defs/definitions';
import { nameOfView, type ActiveViews } from './active-views.ts';
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
 * Clears the state of views that nobody reads any more: of deleted ones, of cancelled ones, and of generations before the one that answered
 * last. That one stays, because readers learn of a switch a moment later. First the online store, then the state, so that nothing is left over.
 */
export async function retireViews({ sql, online, views }: RetireViewsSetup): Promise<void> {
  for (const stateKey of retiredAmong(await knownViews(sql), views)) {
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

/** Those of a view that neither answer, nor are being computed, nor have answered before. */
function retiredAmong(known: readonly string[], views: ActiveViews): string[] {
  return [...Map.groupBy(known, nameOfView)].flatMap(([name, keys]) => {
    const last = views.definitions.lastView(name);
    if (last === undefined) return [];
    const generations = keys.map(generationOf).filter((generation) => generation <= last.generation);
    const kept = last.deleted ? [] : keptGenerations(generations, last);
    return generations.filter((generation) => !kept.includes(generation)).map((generation) => `${name}@${generation}`);
  });
}

function keptGenerations(
  known: readonly number[],
  { generation, live }: { generation: number; live?: Live<unknown> | undefined },
): number[] {
  const answering = live?.generation ?? generation;
  const before = Math.max(...known.filter((one) => one < answering));
  return [answering, before, ...(live?.backfill === 'cancelled' ? [] : [generation])];
}

const generationOf = (stateKey: string): number => Number(stateKey.slice(stateKey.lastIndexOf('@') + 1));
