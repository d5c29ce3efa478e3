import { audit } from '@roofshot/contracts/audit';
import type { Tx } from '@roofshot/messaging/handlers';
import type { RedriveOrder, WorkOrder } from './redrive-order.ts';

/** What was worked on. */
export interface DoneWork {
  readonly ids: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** Says on `audit.v1` what was done, in the transaction that does it. Of a patch its places are told, not its values: these may be personal. */
export function auditWork(
  tx: Tx,
  action: 'redrive-events' | 'discard-events',
  order: WorkOrder | RedriveOrder,
  { ids, counts }: DoneWork,
): void {
  const { choice, actor, reason } = order;
  const repair = 'patch' in order ? { patch: order.patch.map(({ op, path }) => `${op} ${path}`), as: order.as?.id ?? null } : {};
  const chosen = choice.ids === undefined ? { filter: { ...choice.filter } } : { ids };
  const target = 'Quarantine/events';
  const data = { actor, action, target, reason, detail: { ...chosen, ...repair, ...counts } };
  tx.publish(audit, [{ type: 'audit.recorded', subject: target, data }]);
}

/** Says that somebody has seen these with what is personal in them. */
export function auditReveal(tx: Tx, actor: string, rows: readonly { readonly id: string }[]): void {
  const target = 'Quarantine/events';
  const data = { actor, action: 'reveal-events', target, reason: '', detail: { ids: rows.map(({ id }) => id) } };
  tx.publish(audit, [{ type: 'audit.recorded', subject: target, data }]);
}
