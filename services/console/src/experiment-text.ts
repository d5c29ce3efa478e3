/** What an experiment has found, in words. No browser in here. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { formatCount, formatEventTime, formatMeasure, plural, sentences } from './format.ts';

type Analysis = NonNullable<ExperimentResults['analysis']>;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface Progress {
  /** Of the planned stretch, 0 to 1. */
  readonly share: number;
  /** `3 days 4 h of 7 days`. */
  readonly text: string;
  /** Event time up to which outcomes are in. */
  readonly until: string;
}

/** Undefined before the start. */
export function progressOf({ startedAt, endsAt, analysis }: ExperimentResults): Progress | undefined {
  if (startedAt === null || endsAt === null) return undefined;
  const [start, end] = [Date.parse(startedAt), Date.parse(endsAt)];
  const reached = analysis === null ? start : Date.parse(analysis.asOf);
  const done = Math.min(Math.max(0, reached - start), end - start);
  return {
    share: end === start ? 1 : done / (end - start),
    text: `${formatLength(done)} of ${formatLength(end - start)}`,
    until: formatEventTime(Math.max(start, reached)),
  };
}

/** To the hour. */
function formatLength(milliseconds: number): string {
  const days = Math.floor(milliseconds / DAY_MS);
  const hours = Math.floor((milliseconds % DAY_MS) / HOUR_MS);
  if (days === 0) return `${hours} h`;
  return hours === 0 ? plural(days, 'day') : `${plural(days, 'day')} ${hours} h`;
}

/** `−0.193`, `[−0.217, −0.168]`; undefined while there is nothing to compare. */
export function effectOf(analysis: Analysis | null): { readonly effect: string; readonly interval: string } | undefined {
  if (analysis === null) return undefined;
  const [low, high] = analysis.ci;
  if (low === null && high === null) return undefined;
  const end = (value: number | null, open: string): string => (value === null ? open : formatMeasure(value));
  return { effect: formatMeasure(analysis.effect), interval: `[${end(low, '−∞')}, ${end(high, '∞')}]` };
}

export function significanceText({ significantSince }: Analysis): string {
  return significantSince === null ? 'not significant so far' : `significant since ${formatEventTime(Date.parse(significantSince))}`;
}

/** `control 13,561, treatment 13,650`, and whether the split is the planned one. */
export function unitsText({ units, srm, immature }: Analysis): string {
  const counts = Object.entries(units).map(([name, count]) => `${name} ${formatCount(count)}`);
  const split = srm.mismatch ? 'NOT the planned split' : 'split as planned';
  const waiting = immature === 0 ? '' : `; ${formatCount(immature)} wait for their outcome`;
  return `${counts.join(', ')}: ${split} (p ${formatMeasure(srm.pValue)})${waiting}`;
}

/** One or two words: what it is doing. */
export function stateText({ state, decision }: ExperimentResults): string {
  if (state === 'draft') return 'not started';
  return state === 'decided' && decision !== null ? `decided: ${decision.decision}` : state;
}

/** Why it decided so, and what became of it. Empty while nothing is decided. */
export function reasonText({ decision, probation, breaches }: ExperimentResults): string {
  if (decision === null) return '';
  const { promotion } = decision;
  const refused = promotion?.state === 'refused' ? `The registry refused: ${promotion.detail}` : '';
  return sentences(decision.because, refused, probationText(probation), breaches.length === 0 ? '' : breachText(breaches.length));
}

const breachText = (count: number): string => `${plural(count, 'guardrail')} ${count === 1 ? 'was' : 'were'} breached since`;

function probationText(probation: ExperimentResults['probation']): string {
  if (probation === null) return '';
  const after = `after ${plural(probation.outcomes, 'outcome')}`;
  const said = {
    open: `Version ${probation.version} is on probation: ${plural(probation.outcomes, 'outcome')} so far`,
    breached: `The last probation of version ${probation.version} ended ${after} with a breach`,
    superseded: `The last probation of version ${probation.version} ended ${after}: another version took its place`,
    'rolled-back': `The last probation of version ${probation.version} ended ${after}: it was rolled back`,
  };
  return said[probation.state ?? 'open'];
}
