/** A subject out of the series: every row that has it in its key, and what is kept of it in rows that were made since. */
import { topicOf } from '@roofshot/contracts/events';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { EventBus, TopicPartition } from '@roofshot/messaging/events';
import type { Queryable } from '@roofshot/storage/sql';
import { foldView, toLogEvent } from '../fold-events.ts';
import { readBackTo } from '../read-log.ts';
import { applyDeltas, deleteSeries } from '../series-store.ts';
import { parkedOffsets } from '../view-positions.ts';
import { partsOf } from './unless-erased.ts';

/** A row of the online store. */
export interface ErasedEntity {
  readonly view: string;
  readonly entity: string;
}

/** Deletes the rows of `views` (null: of all) that have the subject in their key; answers them, each once. */
export async function eraseSeries(tx: Queryable, subject: string, views: readonly string[] | null): Promise<ErasedEntity[]> {
  // Parts of a key are JSON texts in a list; another text may end in what looks like one, so what is found is read.
  const rows = await tx.query<ErasedEntity>(
    `SELECT DISTINCT view, entity FROM features.series WHERE position($1 IN entity) > 0 AND ($2::text[] IS NULL OR view = ANY($2)) ORDER BY 1, 2`,
    [JSON.stringify(subject), views],
  );
  const found = rows.filter(({ entity }) => partsOf(entity).includes(subject));
  for (const [view, entities] of Map.groupBy(found, (row) => row.view))
    await deleteSeries(
      tx,
      view,
      entities.map(({ entity }) => entity),
    );
  return found;
}

/** Offsets start ≤ o < end. */
interface Folded extends TopicPartition {
  readonly start: number;
  readonly end: number;
}

export interface Refold {
  /** The service's name, which is its consumer group. */
  readonly group: string;
  readonly events: EventBus;
  readonly subject: string;
  /** Epoch milliseconds of known time. */
  readonly until: number;
}

/**
 * Folds again, into the rows that were deleted, what became known after the erasure and had been folded already: it is of a new subject of
 * that name. The order may have waited for a while. What is parked is folded when it is redriven.
 */
export async function refoldSince(tx: Queryable, plans: readonly ViewPlan[], { group, events, subject, until }: Refold): Promise<void> {
  for (const plan of plans) {
    const own = onlyOf(plan, subject);
    for (const place of await foldedOf(tx, plan, events)) {
      const parked = await parkedOffsets(tx, group, place, 0);
      const since = (await readBackTo(events, place, until)).filter(({ position }) => !parked.has(position.offset));
      await applyDeltas(tx, foldView(own, since.map(toLogEvent), place).deltas);
    }
  }
}

function onlyOf(plan: ViewPlan, subject: string): ViewPlan {
  return {
    ...plan,
    contributionOf: (event, report) => {
      const contribution = plan.contributionOf(event, report);
      return contribution !== undefined && partsOf(contribution.entity).includes(subject) ? contribution : undefined;
    },
  };
}

/** What the log still holds of what the view has folded. */
async function foldedOf(tx: Queryable, { stateKey, eventType }: ViewPlan, events: EventBus): Promise<Folded[]> {
  const bounds = await events.bounds(topicOf(eventType));
  const positions = await tx.query<Omit<Folded, 'start'>>(
    'SELECT topic, partition, next_offset AS "end" FROM features.view_positions WHERE view = $1 AND topic = $2 ORDER BY partition',
    [stateKey, topicOf(eventType)],
  );
  return positions.map((place) => ({ ...place, start: bounds.find(({ partition }) => partition === place.partition)?.start ?? place.end }));
}
