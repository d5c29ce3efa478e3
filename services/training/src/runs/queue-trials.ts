/** The snapshot is there: the run's trials go into the queue. */
import type { Tx } from '@roofshot/messaging/handlers';
import { isNumeric } from '@roofshot/feature-defs/feature-value';
import { suggest } from '@roofshot/runtime/nearest';
import { planTrials } from '../search/plan-trials.ts';
import { failRun } from './end-run.ts';
import { setRunQueued, type Run, type Snapshot } from './run-store.ts';
import { insertTrials, type NewTrial } from './trial-store.ts';

/** Needs the run locked and its snapshot built. A run whose job cannot be trained on the snapshot fails here. */
export async function queueTrials(tx: Tx, run: Run): Promise<void> {
  if (run.snapshot === null) throw new Error(`The snapshot ${run.snapshotId} of the run ${run.runId} is not built.`);
  const fault = faultOf(run, run.snapshot);
  if (fault !== undefined) return failRun(tx, run, fault);
  const kind = run.spec.validation === undefined ? 'final' : 'validation';
  const trials = planTrials(run.spec).map((params, index): NewTrial => ({ number: index + 1, kind, params }));
  await insertTrials(tx, run.runId, trials);
  await setRunQueued(tx, run.runId);
}

function faultOf({ spec }: Run, { features, rows, labelNotKnown }: Snapshot): string | undefined {
  if (rows === 0) {
    const left = labelNotKnown === 0 ? '' : ` (${labelNotKnown} observations were left out because their label was not known at asOf)`;
    return `The snapshot has no rows${left}. Choose a range with observations whose labels are known.`;
  }
  const names = features.map(({ name }) => name);
  const unknown = (spec.features ?? []).filter((name) => !names.includes(name));
  if (unknown.length === 0) return describeTexts(spec.features ?? [], features);
  return `${spec.featureService} has no feature ${unknown.map((name) => `${name}. ${suggest(name, names)}`).join(' Nor ')} Correct the job's features.`;
}

/** Models take numbers. Where the job names no features, those that are no numbers are left out. */
function describeTexts(wanted: readonly string[], features: Snapshot['features']): string | undefined {
  const unfit = features
    .filter(({ name, dtype }) => wanted.includes(name) && !isNumeric(dtype))
    .map(({ name, dtype }) => `${name} (${dtype})`);
  if (unfit.length === 0 && features.some(({ dtype }) => isNumeric(dtype))) return undefined;
  return unfit.length === 0
    ? 'The feature service has no feature that is a number, and models take numbers. Add one.'
    : `Models take numbers, and these features are none: ${unfit.join(', ')}. Take them out of the job's features, or make numbers of them in the view.`;
}
