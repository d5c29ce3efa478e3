/** The report: every number is computed from this run; what was expected stands beside it. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { AuditAnswer } from '@roofshot/contracts/http/features';
import type { Disagreement, RollBack, Trained } from './stages.ts';
import type { ReplayTotals } from './replay.ts';
import type { Truth } from './truth.ts';

export interface DemoResult {
  readonly permuted: boolean;
  readonly totals: ReplayTotals;
  readonly trained: readonly [Trained, Trained];
  readonly disagreement: Disagreement;
  readonly truth: Truth;
  readonly results: ExperimentResults;
  readonly secondsToDecision: number;
  readonly audit: AuditAnswer;
  readonly rollbacks: readonly RollBack[];
  readonly seconds: number;
  readonly readySeconds: number;
  readonly peakMemoryMb: number;
  readonly eventLog: string;
}

/** The JSON object of `--json`. */
export function summaryOf(run: DemoResult): object {
  const analysis = run.results.decision?.analysis ?? run.results.analysis;
  return {
    events: run.totals.events,
    verdicts: run.totals.verdicts,
    models: {
      v1: { auc: run.truth.auc[0], cost: run.truth.cost[0] },
      v2: { auc: run.truth.auc[1], cost: run.truth.cost[1] },
    },
    experiment: {
      effect: analysis?.effect ?? null,
      ci: analysis?.ci ?? null,
      ciMethod: analysis?.ciMethod ?? null,
      pairedTruth: run.truth.pairedEffect,
      srmP: analysis?.srm.pValue ?? null,
      decision: run.results.decision?.decision ?? null,
      significantSince: analysis?.significantSince ?? null,
      secondsToDecision: run.secondsToDecision,
    },
    featureAgeMaxSeconds: run.totals.featureAgeMaxSeconds,
    rollbacks: run.rollbacks.map(({ fault, guardrail, outcomesUntilBreach, milliseconds }) => ({
      fault,
      guardrail,
      outcomesUntilBreach,
      milliseconds,
    })),
    seconds: run.seconds,
    peakMemoryMb: run.peakMemoryMb,
    eventLog: run.eventLog,
  };
}

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

function eventsPart({ totals, audit, trained: [first] }: DemoResult): ReportPart {
  const { accepted, duplicate, late, quarantined } = totals.verdicts;
  return {
    title: 'Events',
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

function modelsPart({ truth, trained: [first, second], disagreement, permuted }: DemoResult): ReportPart {
  const expected = (text: string): string => (permuted ? 'no signal: labels were permuted' : text);
  return {
    title: 'Two versions of one model, on every flight of the week',
    lines: [
      line(
        `v${first.version} (timetable): AUC, cost per flight`,
        `${number(truth.auc[0])}, ${number(truth.cost[0])}`,
        expected('.58 ± .02, about .73'),
      ),
      line(
        `v${second.version} (last hours): AUC, cost per flight`,
        `${number(truth.auc[1])}, ${number(truth.cost[1])}`,
        expected('.74 ± .02, about .55'),
      ),
      line(
        'on the 14th, as a shadow, would have decided otherwise',
        `${number(100 * disagreement.differ, 1)} % of ${disagreement.pairs} flights`,
      ),
    ],
  };
}

function experimentPart({ results, truth, secondsToDecision, permuted }: DemoResult): ReportPart {
  const analysis = results.decision?.analysis ?? results.analysis;
  if (analysis === null) return { title: 'Experiment', lines: [line('analysis', 'none')] };
  const { cuped, sequential, srm, units } = analysis;
  const interval = ([low, high]: readonly [number | null, number | null]): string => `[${number(low)}, ${number(high)}]`;
  return {
    title: 'Experiment: one week, half of the flights each',
    lines: [
      line(
        'flights by variant; SRM p',
        `${Object.entries(units)
          .map(([name, n]) => `${name} ${n}`)
          .join(', ')}; ${number(srm.pValue)}`,
        'p > .001',
      ),
      line(
        'effect on cost per flight',
        `${number(analysis.effect)} ${interval(analysis.ci)}`,
        permuted ? 'around 0' : '−.17 ± .03, upper bound < −.10',
      ),
      line('method', analysis.ciMethod),
      line(
        'with CUPED',
        cuped === null ? '–' : `${number(cuped.effect)} ${interval(cuped.ci)}: ${number(100 * cuped.varianceReduction, 1)} % less variance`,
        'little: cost is hardly predictable for one flight',
      ),
      line('boundary that may be watched at any time', `${sequential.method}: ${interval(sequential.ci)}`),
      line('significant since', analysis.significantSince ?? 'never', 'shown, but the rule asks for the full week'),
      line('truth: both versions on every flight, from the raw log', number(truth.pairedEffect)),
      line('decision', `${results.decision?.decision ?? 'none'}: ${results.decision?.because ?? ''}`, permuted ? 'keep' : 'promote'),
      line('from the last outcome to the new champion', `${number(secondsToDecision, 2)} s`),
    ],
  };
}

function faultsPart({ rollbacks }: DemoResult): ReportPart {
  const lines = rollbacks.map(({ fault, guardrail, outcomesUntilBreach, milliseconds, featureAgeMaxSeconds }) =>
    line(
      fault,
      `${guardrail} after ${outcomesUntilBreach} matured outcomes; old version answers after ${number(milliseconds, 0)} ms; features up to ${featureAgeMaxSeconds} s old`,
    ),
  );
  return {
    title: 'Faults of 29 January and their roll-backs',
    lines: lines.length > 0 ? lines : [line('not reached', 'there was nothing to roll back: the champion was kept')],
  };
}

function runPart({ seconds, readySeconds, totals, peakMemoryMb, eventLog }: DemoResult): ReportPart {
  const sorted = [...totals.stepMs].sort((a, b) => a - b);
  const quantile = (q: number): string => number(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0, 0);
  return {
    title: 'This run',
    lines: [
      line('whole demo', `${number(seconds, 0)} s`, 'at most 240 s on two cores'),
      line('ready after', `${number(readySeconds, 1)} s`),
      line('a step (send, apply, predict): p50, p99', `${quantile(0.5)} ms, ${quantile(0.99)} ms`),
      line('memory of all processes, greatest', `${number(peakMemoryMb, 0)} MB`, 'at most 2,500 MB'),
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
