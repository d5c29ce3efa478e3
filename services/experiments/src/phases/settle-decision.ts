/** A decision and everything that follows from it, in one transaction and once, whoever else comes to the same decision. */
import { assignments, experiments } from '@roofshot/contracts/experiments';
import { audit } from '@roofshot/contracts/audit';
import { PromoteModelVersion } from '@roofshot/contracts/models';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Resources } from '@roofshot/runtime/resources';
import { versionOf } from '../models/alias-store.ts';
import { allocationOf, type Decision, type Phase } from './phase.ts';
import { endPhase, settlePromotion } from './phase-store.ts';
import { saveStatus } from './status.ts';

/** False when the phase no longer runs: then nothing was done. */
export async function settleDecision(tx: Tx, resources: Resources, running: Phase, decision: Decision): Promise<boolean> {
  const promotion = decision.decision === 'promote' ? 'ordered' : undefined;
  const decided = await endPhase(tx, running, { state: 'decided', decision, promotion });
  if (decided === undefined) return false;
  announce(tx, decided, decision);
  if (promotion !== undefined) await orderPromotion(tx, decided, decision);
  await saveStatus(tx, resources, decided);
  return true;
}

function announce(tx: Tx, phase: Phase, { decision, because, decidedAt, analysis }: Decision): void {
  const { experiment, frozen } = phase;
  const { model, champion, challenger } = frozen;
  const said = { subject: experiment, time: decidedAt };
  tx.publish(assignments, [{ type: 'assignment.changed', ...said, data: allocationOf(phase) }]);
  tx.publish(experiments, [
    { type: 'experiment.analysed', ...said, data: { analyses: [analysis] } },
    {
      type: 'experiment.decided',
      ...said,
      data: { experiment, phase: phase.phase, decision, because, analysis, model, champion, challenger, decidedAt },
    },
  ]);
  const target = `Experiment/${experiment}`;
  const detail = { phase: phase.phase, decision, model, champion, challenger, decidedAt };
  tx.publish(audit, [
    { type: 'audit.recorded', subject: target, data: { actor: 'experiments', action: 'decide', target, reason: because, detail } },
  ]);
}

/** The challenger becomes champion if the champion is still the one it was compared with; that one stays beside it for the probation. */
async function orderPromotion(tx: Tx, phase: Phase, { because }: Decision): Promise<void> {
  const { experiment, frozen } = phase;
  const { model, alias, champion, challenger, spec } = frozen;
  const order = { model, requestedBy: `experiment ${experiment}, phase ${phase.phase}` };
  const commandId = (of: string): string => `${experiment}/${phase.phase}/${of}`;
  tx.send(PromoteModelVersion, { ...order, commandId: commandId(alias), version: challenger, alias, expected: champion, reason: because });
  const current = await versionOf(tx, model, alias);
  if (current !== champion) {
    const now = current === null ? 'nothing' : `version ${current}`;
    await settlePromotion(tx, phase, 'refused', `${alias} names ${now} by now, not version ${champion} that was compared.`);
    return;
  }
  if (spec.probation === undefined) return;
  const { shadowAlias } = spec.probation;
  const reason = `Version ${champion} stays beside version ${challenger} for its probation.`;
  tx.send(PromoteModelVersion, { ...order, commandId: commandId(shadowAlias), version: champion, alias: shadowAlias, reason });
}
