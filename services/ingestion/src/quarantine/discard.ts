/** Refused events that need no work any more. They stay until the retention ends. */
import type { DiscardAnswer } from '@roofshot/contracts/http/quarantine';
import type { Transactions } from '@roofshot/messaging/transactions';
import { auditWork } from './audit-work.ts';
import { discardRefused } from './quarantine-store.ts';
import type { WorkOrder } from './redrive-order.ts';

/** In one transaction. */
const PORTION = 5_000;

/** Portion by portion, until none is left or the caller has gone. */
export async function discard(transactions: Transactions, order: WorkOrder, signal: AbortSignal): Promise<DiscardAnswer> {
  const done = new Set<string>();
  let discarded = 0;
  for (let ids = await discardPortion(transactions, order); ids.length > 0; ids = await discardPortion(transactions, order)) {
    discarded += ids.length;
    if (order.choice.ids !== undefined) for (const id of ids) done.add(id);
    if (ids.length < PORTION || signal.aborted) break;
  }
  return { discarded, notOpen: (order.choice.ids ?? []).filter((id) => !done.has(id)) };
}

function discardPortion(transactions: Transactions, order: WorkOrder): Promise<string[]> {
  return transactions.run(async (tx) => {
    const ids = await discardRefused(tx, order.choice, PORTION);
    if (ids.length > 0) auditWork(tx, 'discard-events', order, { ids, counts: { discarded: ids.length } });
    return ids;
  });
}
