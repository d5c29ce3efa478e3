/** The declared rule, applied to an analysis. Pure. */
import type { Analysis } from '@roofshot/contracts/experiments';
import { EXPERIMENT_DEFAULTS } from '@roofshot/contracts/resources/experiment-kinds';
import { armsOf, type Decision, type Frozen } from '../phases/phase.ts';

type Verdict = Pick<Decision, 'decision' | 'because'>;

/** At the planned end, once: all exposures of the full stretch have matured. */
export function decideAtEnd(frozen: Frozen, analysis: Analysis): Verdict {
  if (analysis.srm.mismatch) return { decision: 'invalid', because: describeMismatch(frozen, analysis) };
  const { minimumEffect = EXPERIMENT_DEFAULTS.minimumEffect } = frozen.spec.design;
  const { effect, ci } = analysis;
  const said = `The effect of ${armsOf(frozen.spec).treatment.name} on ${analysis.metric} is ${short(effect)} (${interval(ci)}, ${analysis.ciMethod})`;
  if (isBetterBy(frozen, ci, minimumEffect)) {
    return { decision: 'promote', because: `${said}: all of the interval is ${better(frozen)} by more than ${minimumEffect}.` };
  }
  return {
    decision: 'keep',
    because: `${said}: the interval does not lie wholly on the ${better(frozen)} side of ${minimumEffect}, so the champion stays.`,
  };
}

/** The boundary has shown the treatment to be worse: it need not, and may not, go on. */
export function decideOnHarm(frozen: Frozen, analysis: Analysis): Verdict {
  const { sequential, metric, effect } = analysis;
  return {
    decision: 'stop-harm',
    because: `${armsOf(frozen.spec).treatment.name} makes ${metric} worse: the effect is ${short(effect)}, and the one-sided ${sequential.method} leaves out 0. The champion stays and the experiment stops.`,
  };
}

/** The end of the interval that counts: its upper one where the metric is to fall. */
function isBetterBy({ metric }: Frozen, [low, high]: Analysis['ci'], minimum: number): boolean {
  return metric.direction === 'decrease' ? high !== null && high < -minimum : low !== null && low > minimum;
}

const better = ({ metric }: Frozen): string => (metric.direction === 'decrease' ? 'lower' : 'higher');

function describeMismatch({ spec }: Frozen, { units, srm }: Analysis): string {
  const arms = spec.variants.map(({ name }) => `${name} ${units[name] ?? 0} instead of about ${Math.round(srm.expected[name] ?? 0)}`);
  return `The units do not split as configured (${arms.join(', ')}; p ${srm.pValue.toPrecision(3)}), so the arms are not comparable and nothing can be concluded: the champion stays. Look for units that are lost in one arm, then start a new phase.`;
}

const interval = ([low, high]: Analysis['ci']): string => `[${low === null ? '−∞' : short(low)}, ${high === null ? '∞' : short(high)}]`;
/** For people; the analysis has all digits. */
const short = (value: number): string => String(Number(value.toPrecision(4)));
