import { Experiment } from '@roofshot/contracts/resources/experiment-kinds';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Resources } from '@roofshot/runtime/resources';
import type { Phase } from './phase.ts';

/** What `GET /v1/experiments/{name}` tells beside the spec. */
export async function saveStatus(tx: Tx, resources: Resources, phase: Phase): Promise<void> {
  const { experiment, state, configVersion, frozen, decision } = phase;
  await resources.setStatus(tx, Experiment, experiment, {
    state,
    phase: phase.phase,
    configVersion,
    startedAt: new Date(phase.startedAt).toISOString(),
    endsAt: new Date(phase.endsAt).toISOString(),
    model: frozen.model,
    champion: frozen.champion,
    challenger: frozen.challenger,
    ...(decision !== null && { decision: decision.decision, because: decision.because }),
  });
}
