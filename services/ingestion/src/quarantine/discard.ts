/** Refused events that need no work any more. They stay until the retention ends. */
import type { DiscardAnswer } from '@roofshot/contracts/http/quarantine';
import type { Transactions } from '@roofshot/messaging/transactions';
import { auditWork } from './audit-work.ts';
import { discardRefused, type Place } from './quarantine-store.ts';
import type { WorkOrder } from './redrive-order.ts';

/** In one transaction. */
const PORTION = 5_000;

/** Portion by portion, until none is left or the caller has gone. */
export async function discard(transactions: Transactions, order: WorkOrder, signal: AbortSignal): Promise<DiscardAnswer> {
  const done = new Set<string>();
  let [discarded, after]: [number, number | undefined] = [0, undefined];
  for (let isFull = true; isFull && !signal.aborted;) {
    const rows = await discardPortion(transactions, order, after);
    discarded += rows.length;
    isFull = rows.length === PORTION;
    after = rows.reduce((last, { place }) => Math.max(last, place), after ?? 0);
    if (order.choice.ids !== undefined) for (const { id } of rows) done.add(id);
  }
  return { discarded, notOpen: (order.choice.ids ?? []).filter((id) => !done.has(id)) };
}

function discardPortion(transactions: Transactions, order: WorkOrder, after: number | undefined): Promise<Place[]> {
  return transactions.run(async (tx) => {
    const rows = await discardRefused(tx, order.choice, { after, limit: PORTION });
    const done = { ids: rows.map(({ id }) => id), counts: { discarded: rows.length } };
    if (rows.length > 0) auditWork(tx, 'discard-events', order, done);
    return rows;
  });
}
