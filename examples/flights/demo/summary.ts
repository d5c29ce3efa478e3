import type { DemoResult } from './result.ts';

/**
 * The JSON object of `--json`: the same keys in every run. Where there was nothing to measure a number is null, and
 * `rollbacks` is empty.
 */
export function summaryOf(run: DemoResult): object {
  const { truth } = run;
  return {
    events: run.totals.events,
    verdicts: run.totals.verdicts,
    models: {
      v1: { auc: truth.auc[0], cost: truth.cost[0] },
      v2: { auc: truth.auc[1], cost: truth.cost[1] },
    },
    experiment: experimentOf(run),
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

function experimentOf({ results, truth, secondsToDecision }: DemoResult): object {
  const analysis = results.decision?.analysis ?? results.analysis;
  return {
    effect: analysis?.effect ?? null,
    ci: analysis?.ci ?? null,
    ciMethod: analysis?.ciMethod ?? null,
    pairedTruth: truth.pairedEffect,
    srmP: analysis?.srm.pValue ?? null,
    decision: results.decision?.decision ?? null,
    significantSince: analysis?.significantSince ?? null,
    secondsToDecision,
  };
}
