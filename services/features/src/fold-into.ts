/** Folds events of one partition into views: state, parked events and late ones, all in the caller's transaction. */
import { lateFeatureEvents } from '@roofshot/contracts/features';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { TopicPartition } from '@roofshot/messaging/events';
import type { NewEventOf, Tx } from '@roofshot/messaging/handlers';
import { foldView, type LateEvent, type LogEvent, type ViewFold } from './fold-events.ts';
import { metrics } from './metrics.ts';
import { parkEvents } from './parked-events.ts';
import { applyDeltas, type StoredSeries } from './series-store.ts';
import { countAside, readWatermarks } from './view-positions.ts';

export interface FoldBatch extends TopicPartition {
  /** In log order. */
  readonly events: readonly LogEvent[];
}

/** The views' positions in the partition must be locked. Answers the touched rows as they are then. */
export async function foldInto(tx: Tx, plans: readonly ViewPlan[], batch: FoldBatch): Promise<StoredSeries[]> {
  const judging = plans.filter(({ lateness }) => lateness !== undefined).map(({ stateKey }) => stateKey);
  const watermarks = await readWatermarks(tx, judging, batch);
  const folds = plans.map((plan) => foldView(plan, batch.events, { ...batch, newest: watermarks.get(plan.stateKey) ?? -Infinity }));
  const rows = await applyDeltas(
    tx,
    folds.flatMap(({ deltas }) => deltas),
  );
  await putAside(tx, folds, batch);
  return rows;
}

async function putAside(tx: Tx, folds: readonly ViewFold[], place: TopicPartition): Promise<void> {
  const concerned = folds.filter(({ plan, parked }) => plan.lateness !== undefined || parked.length > 0);
  if (concerned.length === 0) return;
  await countAside(
    tx,
    place,
    concerned.map(({ plan, parked, late, newest }) => ({
      view: plan.stateKey,
      newest: Number.isFinite(newest) ? newest : null,
      late: late.length,
      parked: parked.length,
    })),
  );
  await parkEvents(tx, place, concerned);
  for (const { plan, parked, late } of concerned) {
    if (parked.length > 0) metrics['events.parked'](parked.length, { view: plan.name });
    if (late.length > 0) metrics['events.late'](late.length, { view: plan.name, kind: plan.lateness?.policy ?? 'none' });
    if (plan.lateness?.policy === 'sideOutput')
      tx.publish(
        lateFeatureEvents,
        late.map((event) => lateEventOf(plan, place, event)),
      );
  }
}

function lateEventOf(plan: ViewPlan, place: TopicPartition, { event, newest }: LateEvent): NewEventOf<typeof lateFeatureEvents> {
  const { topic, partition } = place;
  return {
    id: `${plan.stateKey}/${topic}/${partition}/${event.offset}`,
    type: 'feature-event.late',
    subject: plan.name,
    data: {
      view: plan.name,
      generation: plan.generation,
      eventType: plan.eventType,
      eventId: event.id,
      eventTime: new Date(event.time).toISOString(),
      newest: new Date(newest).toISOString(),
      topic,
      partition,
      offset: event.offset,
    },
  };
}
