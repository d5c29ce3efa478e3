/** «Why this variant for this unit?»: from the allocation, and from what is known of the unit. */
import { assign, type Assignment } from '@roofshot/assignment/allocation';
import type { AssignmentAnswer } from '@roofshot/contracts/http/experiments';
import type { Queryable } from '@roofshot/storage/sql';
import { fail } from './errors.ts';
import { valueSeries } from './join/count-unit.ts';
import type { UnitState } from './join/unit-state.ts';
import { findUnit } from './join/unit-store.ts';
import { allocationOf, type Phase } from './phases/phase.ts';
import { latestPhase } from './phases/phase-store.ts';

/** Throws `not-found` for an experiment that was never started: it assigns nothing. */
export async function explainAssignment(db: Queryable, experiment: string, unit: string): Promise<AssignmentAnswer> {
  const phase = await latestPhase(db, experiment);
  if (phase === undefined) throw fail('not-found', `There is no started experiment ${experiment}, so no unit has a variant of it.`);
  const document = { ...allocationOf(phase), state: 'running' as const };
  const assigned = assign(document, unit);
  const serves = assigned.inExperiment ? (document.variants[assigned.index]?.serves ?? null) : null;
  return {
    experiment,
    phase: phase.phase,
    configVersion: phase.configVersion,
    unit,
    variant: assigned.inExperiment ? assigned.variant : null,
    serves,
    propensity: assigned.inExperiment ? assigned.propensity : null,
    bucket: assigned.bucket,
    because: becauseOf(phase, assigned),
    met: metOf(await findUnit(db, { scope: phase.scope, unit })),
  };
}

function becauseOf(phase: Phase, assigned: Assignment): string {
  const { seed, hashVersion, coverage, variants } = allocationOf(phase);
  const over = phase.state === 'running' ? '' : ` Phase ${phase.phase} has ended: now every unit gets the default variant.`;
  if (assigned.bucket === null) return `There is nothing to hash.${over}`;
  const hashed = `The unit hashes to ${assigned.bucket} (seed ${seed}, hash version ${hashVersion})`;
  const split = variants.map(({ name, weight }) => `${name} ${weight}`).join(', ');
  if (!assigned.inExperiment) return `${hashed}, outside of the covered share ${coverage} (${split}): it takes no part.${over}`;
  return `${hashed}, in the range of ${assigned.variant} (${split}, coverage ${coverage}).${over}`;
}

function metOf(text: string | null): AssignmentAnswer['met'] {
  if (text === null) return null;
  const { exposure, variants, answers, counted } = JSON.parse(text) as UnitState;
  if (exposure === undefined) return null;
  const value = counted.find(({ s }) => s === valueSeries(exposure.variant));
  return {
    variants: [...variants],
    firstExposedAt: new Date(exposure.at).toISOString(),
    predictionId: exposure.id,
    decision: answers.find(({ id }) => id === exposure.id)?.decision ?? null,
    outcomeAt: value === undefined ? null : new Date(value.at).toISOString(),
    value: value?.y ?? null,
  };
}
