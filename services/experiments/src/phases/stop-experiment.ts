import { assignments, experiments } from '@roofshot/contracts/experiments';
import { audit } from '@roofshot/contracts/audit';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Resources } from '@roofshot/runtime/resources';
import { allocationOf, type Phase } from './phase.ts';
import { endPhase } from './phase-store.ts';
import { saveStatus } from './status.ts';

export interface StopOrder {
  readonly experiment: string;
  readonly phase: number;
  readonly reason: string;
  readonly requestedBy: string;
}

/** Ends a running phase without a decision: from now on every unit gets the default variant. Undefined when it does not run (any more). */
export async function stopExperiment(tx: Tx, resources: Resources, order: StopOrder): Promise<Phase | undefined> {
  const { experiment, phase, reason, requestedBy } = order;
  const stopped = await endPhase(tx, { experiment, phase }, { state: 'stopped' });
  if (stopped === undefined) return undefined;
  tx.publish(assignments, [{ type: 'assignment.changed', subject: experiment, data: allocationOf(stopped) }]);
  tx.publish(experiments, [
    { type: 'experiment.stopped', subject: experiment, data: { experiment, phase, reason, stoppedBy: requestedBy } },
  ]);
  const target = `Experiment/${experiment}`;
  tx.publish(audit, [
    { type: 'audit.recorded', subject: target, data: { actor: requestedBy, action: 'stop', target, reason, detail: { phase } } },
  ]);
  await saveStatus(tx, resources, stopped);
  return stopped;
}
