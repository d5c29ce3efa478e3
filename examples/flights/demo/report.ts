/** The report: every number is computed from this run; what was expected stands beside it, and whether it was met. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { expectationsOf, type Expectation } from './expectations.ts';
import { count, interval, measure, moment } from './report-words.ts';
import { isPromoted, type DemoResult, type Scope } from './result.ts';
import type { RollBack } from './stages.ts';
import { MAX_DAYS } from './wishes.ts';

export interface ReportLine {
  readonly what: string;
  readonly found: string;
  /** What the data's description leads to expect; empty where nothing was said before. */
  readonly expected: string;
  /** Absent where nothing was expected. */
  readonly isMet?: boolean;
}

export interface ReportPart {
  readonly title: string;
  readonly lines: readonly ReportLine[];
  /** Sentences below the figures. */
  readonly notes: readonly string[];
}

/** Below this share of variance, CUPED is not worth a figure of its own. */
const LITTLE_VARIANCE = 0.01;
const SRM_ALARM = 0.001;
const STEP_SECONDS = 300;

type Analysis = NonNullable<ExperimentResults['analysis']>;

const line = (what: string, found: string): ReportLine => ({ what, found, expected: '' });
const checked = (what: string, found: string, expected: string, isMet: boolean): ReportLine => ({ what, found, expected, isMet });
function against<T>(what: string, found: string, value: T, expectation: Expectation<T> | undefined): ReportLine {
  return expectation === undefined ? line(what, found) : checked(what, found, expectation.text, expectation.isMet(value));
}

export function reportOf(run: DemoResult): ReportPart[] {
  return [eventsPart(run), modelsPart(run), experimentPart(run), faultsPart(run), runPart(run)];
}

/** `All 15 expectations are met.`, or which are not. */
export function verdictOf(parts: readonly ReportPart[]): string {
  const lines = parts.flatMap((part) => part.lines).filter(({ isMet }) => isMet !== undefined);
  const missed = lines.filter(({ isMet }) => isMet === false);
  if (missed.length === 0) return `All ${lines.length} expectations are met.`;
  return `${missed.length} of ${lines.length} expectations ${missed.length === 1 ? 'is' : 'are'} missed: ${missed.map(({ what }) => what).join('; ')}.`;
}

function eventsPart({ totals, audit, trained: [first], scope }: DemoResult): ReportPart {
  const { accepted, duplicate, late, quarantined } = totals.verdicts;
  const age = totals.featureAgeMaxSeconds;
  return {
    title: `Events of the flights between ${scope.airports} airports`,
    lines: [
      line('sent, departures and landings', count(totals.events)),
      checked(
        'accepted / duplicate / late / quarantined',
        [accepted, duplicate, late, quarantined].map(count).join(' / '),
        'all accepted',
        accepted === totals.events,
      ),
      line('predictions', `${count(totals.predictions)} in ${count(totals.steps)} steps of event time`),
      checked('greatest feature age at a prediction', `${count(age)} s`, `below ${STEP_SECONDS} s, one step`, age < STEP_SECONDS),
      checked(
        'served values recomputed from raw events, by other code',
        `${count(audit.values)} values of ${count(audit.predictions)} predictions, ${count(audit.mismatchCount)} differ`,
        'none differs',
        audit.mismatchCount === 0,
      ),
      line('training rows', count(first.rows)),
    ],
    notes: [
      `${count(first.labelNotKnown)} flights were still in the air at the end of 13 January: what became of them was not known, so they were left out of the training.`,
      ...(scope.permuted ? ['The delays were given to other flights before they were sent: nothing is left to learn.'] : []),
    ],
  };
}

function modelsPart({ truth, trained, disagreement, scope }: DemoResult): ReportPart {
  const expected = expectationsOf(scope);
  const lines = trained.flatMap(({ version }, index) => {
    const [auc = Number.NaN, cost = Number.NaN] = [truth.auc[index], truth.cost[index]];
    const name = `v${version} (${index === 0 ? 'timetable' : 'last hours'})`;
    return [
      against(`${name}: AUC`, measure(auc), auc, expected.auc[index]),
      against(`${name}: cost per flight`, measure(cost), cost, expected.cost[index]),
    ];
  });
  const { pairs, differ } = disagreement;
  return {
    title: `Two versions of one model, on all ${count(truth.flights)} flights of the experiment’s ${scope.days === 1 ? 'day' : 'days'}`,
    lines: [...lines, line('shadow on the 14th: would have decided otherwise', `${measure(100 * differ, 1)} % of ${count(pairs)} flights`)],
    notes: [],
  };
}

function experimentPart(run: DemoResult): ReportPart {
  const { results, scope } = run;
  const title = `Experiment: ${lengthText(scope)}, half of the flights each`;
  const analysis = results.decision?.analysis ?? results.analysis;
  if (analysis === null) return { title, lines: [line('analysis', 'none: no outcome has matured')], notes: [] };
  return { title, lines: analysisLines(run, analysis), notes: [...cupedNotes(analysis), ...decisionNotes(results)] };
}

function analysisLines({ results, truth, secondsToDecision, scope }: DemoResult, analysis: Analysis): ReportLine[] {
  const expected = expectationsOf(scope);
  const { sequential, srm, units, ci, effect, significantSince } = analysis;
  const counts = Object.entries(units).map(([name, n]) => `${name} ${count(n)}`);
  const decision = results.decision?.decision ?? 'none';
  const since = significantSince === null ? 'never' : moment(significantSince);
  return [
    checked('flights by variant; SRM p', `${counts.join(', ')}; ${measure(srm.pValue)}`, 'p > .001', srm.pValue > SRM_ALARM),
    against('effect on cost per flight', `${measure(effect)} ${interval(ci)}`, { effect, ci }, expected.effect),
    line('method', analysis.ciMethod),
    line('boundary that may be watched at any time', `${interval(sequential.ci)}, ${sequential.method}`),
    against('significant since', since, significantSince, expected.significantSince),
    checked(
      'truth: both versions on every flight, from the raw log',
      measure(truth.pairedEffect),
      'inside the interval (95 of 100 times)',
      (ci[0] ?? -Infinity) <= truth.pairedEffect && truth.pairedEffect <= (ci[1] ?? Infinity),
    ),
    against('decision', decision, decision, expected.decision),
    line('from the last outcome until the decision was in force', `${measure(secondsToDecision, 2)} s`),
  ];
}

function lengthText({ days }: Scope): string {
  if (days === MAX_DAYS) return 'one week';
  return `${days === 1 ? 'one day' : `${days} days`} instead of the declared week`;
}

function cupedNotes({ cuped }: Analysis): string[] {
  if (cuped === null) return [];
  const { effect, ci, varianceReduction } = cuped;
  const figures = `${measure(effect)} ${interval(ci)}`;
  if (varianceReduction < LITTLE_VARIANCE) {
    const share = measure(100 * varianceReduction, 2);
    return [
      `CUPED changes little here: it takes away ${share} % of the variance (${figures}), for what one flight costs can hardly be foretold.`,
    ];
  }
  return [`With CUPED: ${figures}, from ${measure(100 * varianceReduction, 1)} % less variance.`];
}

function decisionNotes({ decision }: ExperimentResults): string[] {
  if (decision === null) return [];
  const refused = decision.promotion?.state === 'refused' ? [`The registry refused: ${decision.promotion.detail}`] : [];
  return [`The decision in the words of its rule: ${decision.because}`, ...refused];
}

function faultsPart({ results, faults, rollbacks }: DemoResult): ReportPart {
  const title = 'Faults of 29 January and their roll-backs';
  if (!isPromoted(results))
    return { title, lines: [line('not injected', 'no new version became champion, so there was nothing to roll back')], notes: [] };
  const missed = faults.filter(({ fault }) => !rollbacks.some((one) => one.fault === fault));
  const known = new Set(faults.map(({ fault }) => fault));
  const lines = [
    ...rollbacks.map((one) => rollBackLine(one, known.has(one.fault))),
    ...missed.map(({ fault }) => checked(fault, 'no guardrail fired', 'a roll-back', false)),
  ];
  return { title, lines, notes: [] };
}

function rollBackLine(rollBack: RollBack, isExplained: boolean): ReportLine {
  const { fault, guardrail, outcomesUntilBreach, milliseconds, featureAgeMaxSeconds } = rollBack;
  const isAnswered = Number.isFinite(milliseconds);
  const answer = isAnswered ? `old version answers after ${count(milliseconds)} ms` : 'the old version never answered';
  const age = featureAgeMaxSeconds === undefined ? '' : `; features up to ${count(featureAgeMaxSeconds)} s old`;
  const found = `${guardrail} after ${count(outcomesUntilBreach)} matured outcomes; ${answer}${age}`;
  return checked(fault, found, isExplained ? 'a roll-back' : 'none', isExplained && isAnswered);
}

function runPart({ seconds, readySeconds, totals, peakMemoryMb, eventLog, scope }: DemoResult): ReportPart {
  const expected = expectationsOf(scope);
  const sorted = [...totals.stepMs].sort((a, b) => a - b);
  const quantile = (q: number): string => count(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
  return {
    title: 'This run',
    lines: [
      against('whole demo', `${count(seconds)} s`, seconds, expected.seconds),
      line('ready after', `${measure(readySeconds, 1)} s`),
      line('a step (send, apply, predict): p50, p99', `${quantile(0.5)} ms, ${quantile(0.99)} ms`),
      against('memory of all processes, greatest', `${count(peakMemoryMb)} MB`, peakMemoryMb, expected.memory),
      line('raw log', eventLog),
    ],
    notes: [],
  };
}
