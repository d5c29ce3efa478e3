import { experiments } from '@roofshot/contracts/experiments';
import { audit } from '@roofshot/contracts/audit';
import { RollBackModelVersion } from '@roofshot/contracts/models';
import type { Tx } from '@roofshot/messaging/handlers';
import { orderId, type Breach, type Looked, type Probation } from './probation.ts';
import { endByBreach } from './probation-store.ts';

/** The breach, the order to go back and the audit, once per probation. False when it has ended otherwise. */
export async function settleBreach(tx: Tx, { scope, frozen }: Probation, breach: Breach, looked: Looked): Promise<boolean> {
  if (!(await endByBreach(tx, scope, breach, looked))) return false;
  const { experiment, guardrail, model, version, because, breachedAt } = breach;
  tx.publish(experiments, [{ type: 'guardrail.breached', subject: experiment, time: breachedAt, data: breach }]);
  tx.send(RollBackModelVersion, {
    commandId: orderId(frozen, 'roll-back'),
    model,
    alias: frozen.alias,
    from: version,
    guardrail,
    reason: because,
    requestedBy: `experiment ${experiment}`,
  });
  const detail = { experiment, guardrail, estimate: breach.estimate, bound: breach.bound, limit: breach.limit, breachedAt };
  tx.publish(audit, [
    {
      type: 'audit.recorded',
      subject: `${model}/${version}`,
      data: { actor: 'experiments', action: 'roll-back', target: `${model}/${version}`, reason: because, detail },
    },
  ]);
  return true;
}
