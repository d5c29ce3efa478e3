/** The report: every number is computed from this run; what was expected stands beside it. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { expectationsOf } from './expectations.ts';
import { isPromoted, type DemoResult, type Scope } from './result.ts';
import type { RollBack } from './stages.ts';
import { MAX_DAYS } from './wishes.ts';

export interface ReportLine {
  readonly what: string;
  readonly found: string;
  /** What the data's description leads to expect; empty where nothing was said before. */
  readonly expected: string;
}

export interface ReportPart {
  readonly title: string;
  readonly lines: readonly ReportLine[];
}

const number = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? '–' : value.toFixed(digits);
const line = (what: string, found: string, expected = ''): ReportLine => ({ what, found, expected });

export function reportOf(run: DemoResult): ReportPart[] {
  return [eventsPart(run), modelsPart(run), experimentPart(run), faultsPart(run), runPart(run)];
}

function eventsPart({ totals, audit, trained: [first], scope }: DemoResult): ReportPart {
  const { accepted, duplicate, late, quarantined } = totals.verdicts;
  return {
    title: `Events of the flights between ${scope.airports} airports`,
    lines: [
      line('sent', String(totals.events)),
      line('accepted / duplicate / late / quarantined', `${accepted} / ${duplicate} / ${late} / ${quarantined}`, 'all accepted'),
      line('predictions, in steps of event time', `${totals.predictions} in ${totals.steps}`),
      line('greatest feature age at a prediction', `${totals.featureAgeMaxSeconds} s`, 'below 300 s, one step'),
      line(
        'served values recomputed from raw events, by other code',
        `${audit.values} values of ${audit.predictions} predictions, ${audit.mismatchCount} differ`,
        'none differs',
      ),
      line(
        'training rows',
        `${first.rows}; ${first.labelNotKnown} flights were still in the air at the end of 13 January and were left out`,
      ),
    ],
  };
}

function modelsPart({ truth, trained: [first, second], disagreement, scope }: DemoResult): ReportPart {
  const expected = expectationsOf(scope);
  return {
    title: `Two versions of one model, on all ${truth.flights} flights of the experiment’s days`,
    lines: [
      line(
        `v${first.version} (timetable): AUC, cost per flight`,
        `${number(truth.auc[0])}, ${number(truth.cost[0])}`,
        expected.firstVersion,
      ),
      line(
        `v${second.version} (last hours): AUC, cost per flight`,
        `${number(truth.auc[1])}, ${number(truth.cost[1])}`,
        expected.secondVersion,
      ),
      line(
        'on the 14th, as a shadow, would have decided otherwise',
        `${number(100 * disagreement.differ, 1)} % of ${disagreement.pairs} flights`,
      ),
    ],
  };
}

function experimentPart({ results, truth, secondsToDecision, scope }: DemoResult): ReportPart {
  const expected = expectationsOf(scope);
  const title = `Experiment: ${lengthText(scope)}, half of the flights each`;
  const analysis = results.decision?.analysis ?? results.analysis;
  if (analysis === null) return { title, lines: [line('analysis', 'none: no outcome has matured')] };
  const { sequential, srm, units } = analysis;
  const counts = Object.entries(units).map(([name, n]) => `${name} ${n}`);
  return {
    title,
    lines: [
      line('flights by variant; SRM p', `${counts.join(', ')}; ${number(srm.pValue)}`, 'p > .001'),
      line('effect on cost per flight', `${number(analysis.effect)} ${interval(analysis.ci)}`, expected.effect),
      line('method', analysis.ciMethod),
      cupedLine(analysis),
      line('boundary that may be watched at any time', `${sequential.method}: ${interval(sequential.ci)}`),
      line('significant since', analysis.significantSince ?? 'never', expected.significantSince),
      line('truth: both versions on every flight, from the raw log', number(truth.pairedEffect)),
      line('decision', decisionText(results), expected.decision),
      line('from the last outcome until the decision was in force', `${number(secondsToDecision, 2)} s`),
    ],
  };
}

const interval = ([low, high]: readonly [number | null, number | null]): string => `[${number(low)}, ${number(high)}]`;

function lengthText({ days }: Scope): string {
  if (days === MAX_DAYS) return 'one week';
  return `${days === 1 ? 'one day' : `${days} days`} instead of the declared week`;
}

function cupedLine({ cuped }: NonNullable<ExperimentResults['analysis']>): ReportLine {
  const found =
    cuped === null ? '–' : `${number(cuped.effect)} ${interval(cuped.ci)}: ${number(100 * cuped.varianceReduction, 1)} % less variance`;
  return line('with CUPED', found, 'little: cost is hardly predictable for one flight');
}

function decisionText({ decision }: ExperimentResults): string {
  if (decision === null) return 'none';
  const refused = decision.promotion?.state === 'refused' ? ` The registry refused: ${decision.promotion.detail}` : '';
  return `${decision.decision}: ${decision.because}${refused}`;
}

function faultsPart({ results, faults, rollbacks }: DemoResult): ReportPart {
  const title = 'Faults of 29 January and their roll-backs';
  if (!isPromoted(results))
    return { title, lines: [line('not injected', 'no new version became champion, so there was nothing to roll back')] };
  const missed = faults.filter(({ fault }) => !rollbacks.some((one) => one.fault === fault));
  const lines = [...rollbacks.map(rollBackLine), ...missed.map(({ fault }) => line(fault, 'no guardrail fired', 'a roll-back'))];
  return { title, lines };
}

function rollBackLine({ fault, guardrail, outcomesUntilBreach, milliseconds, featureAgeMaxSeconds }: RollBack): ReportLine {
  const answer = Number.isFinite(milliseconds)
    ? `old version answers after ${number(milliseconds, 0)} ms`
    : 'the old version never answered';
  const age = featureAgeMaxSeconds === undefined ? '' : `; features up to ${featureAgeMaxSeconds} s old`;
  return line(fault, `${guardrail} after ${outcomesUntilBreach} matured outcomes; ${answer}${age}`, 'a roll-back');
}

function runPart({ seconds, readySeconds, totals, peakMemoryMb, eventLog, scope }: DemoResult): ReportPart {
  const expected = expectationsOf(scope);
  const sorted = [...totals.stepMs].sort((a, b) => a - b);
  const quantile = (q: number): string => number(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0, 0);
  return {
    title: 'This run',
    lines: [
      line('whole demo', `${number(seconds, 0)} s`, expected.seconds),
      line('ready after', `${number(readySeconds, 1)} s`),
      line('a step (send, apply, predict): p50, p99', `${quantile(0.5)} ms, ${quantile(0.99)} ms`),
      line('memory of all processes, greatest', `${number(peakMemoryMb, 0)} MB`, expected.memory),
      line('raw log', eventLog),
    ],
  };
}

export function reportText(parts: readonly ReportPart[]): string {
  const width = Math.max(...parts.flatMap(({ lines }) => lines.map(({ what }) => what.length)));
  return parts
    .map(({ title, lines }) => {
      const rows = lines.map(
        ({ what, found, expected }) => `  ${what.padEnd(width)}  ${found}${expected === '' ? '' : `   (expected: ${expected})`}`,
      );
      return [title, ...rows, ''].join('\n');
    })
    .join('\n');
}
