import { isPromoted, type DemoResult } from './result.ts';

type Told = Pick<DemoResult, 'results' | 'faults' | 'rollbacks' | 'scope'>;

/** The run in one sentence, the last of its report. */
export function conclusionOf(run: Told): string {
  const { decision } = run.results;
  const after = run.scope.days === 1 ? 'after one day' : `after ${run.scope.days} days`;
  if (isPromoted(run.results)) return `Promoted ${after}: the second version became champion, and ${faultsText(run)}.`;
  const stays = 'the first version stays champion';
  switch (decision?.decision) {
    case 'promote':
      return `Not promoted: the experiment chose the second version ${after}, but the registry refused it, so ${stays}.`;
    case 'keep':
      return `Kept ${after}: the second version was not shown to be better${run.scope.permuted ? ', as it must be where nothing can be learnt' : ''}, so ${stays}.`;
    case 'stop-harm':
      return `Stopped early: the second version did harm, so ${stays}.`;
    case 'invalid':
      return `No verdict ${after}: the experiment was not valid (${decision.because}), so ${stays}.`;
    default:
      return `No decision was made, so ${stays}.`;
  }
}

function faultsText({ faults, rollbacks }: Told): string {
  const seen = faults.filter(({ fault }) => rollbacks.some((one) => one.fault === fault)).length;
  if (faults.length > 0 && seen === faults.length) return `each of the ${seen} faults rolled it back without anyone's help`;
  return `only ${seen} of the ${faults.length} faults rolled it back`;
}
