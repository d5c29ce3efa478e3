/** A run as a real one was found, for tests to change. */
import { readFileSync } from 'node:fs';
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { FaultSeen } from './fault-day.ts';
import type { DemoResult } from './result.ts';
import type { RollBack } from './stages.ts';

export type Analysis = NonNullable<ExperimentResults['analysis']>;
export type Decision = NonNullable<ExperimentResults['decision']>;

export const ANALYSIS: Analysis = {
  experiment: 'e',
  phase: 1,
  metric: 'cost-per-flight',
  asOf: '2001-01-22T14:00:00Z',
  units: { control: 13_561, treatment: 13_650 },
  means: { control: 0.73, treatment: 0.56 },
  effect: -0.17,
  ci: [-0.2, -0.15],
  ciMethod: 'Welch',
  pValue: 1e-9,
  cuped: null,
  sequential: { method: 'sequence', ci: [-0.22, null], pValue: 0.001 },
  srm: { pValue: 0.59, mismatch: false, expected: {} },
  significantSince: '2001-01-16T12:00:00Z',
  immature: 0,
  missing: 0,
};
/** Of a real week: event time, effect, interval, boundary. */
type Recorded = readonly [string, number, number | null, number | null, number | null, number | null];
const FILE = new URL('./recorded-week.json', import.meta.url);
const RECORDED = (JSON.parse(readFileSync(FILE, 'utf8')) as Recorded[]).map(([asOf, effect, low, high, least, most]) => ({
  asOf,
  effect,
  ci: [low, high] as const,
  boundary: [least, most] as const,
}));
export const FAULTS: readonly [FaultSeen, FaultSeen] = [
  { fault: 'the store', from: '2001-01-29T10:30:00Z', to: '2001-01-29T12:00:00Z', ageMaxSeconds: 1200, isRolledBack: true },
  { fault: 'the keys', from: '2001-01-29T12:15:00Z', to: '2001-01-30T12:00:00Z', ageMaxSeconds: 240, isRolledBack: true },
];
export const rollBack = (fault: string): RollBack => ({
  fault,
  guardrail: 'g',
  outcomesUntilBreach: 300,
  milliseconds: 40,
  featureAgeMaxSeconds: 240,
});

export function decided(decision: string, promotion?: Decision['promotion']): ExperimentResults {
  const made: Decision = {
    decision,
    because: 'of its rule',
    decidedAt: ANALYSIS.asOf,
    analysis: ANALYSIS,
    ...(promotion && { promotion }),
  };
  return { ...undecided(), state: 'decided', analysis: ANALYSIS, decision: made };
}

export const undecided = (): ExperimentResults => ({
  experiment: 'e',
  state: 'running',
  phase: 1,
  startedAt: null,
  endsAt: null,
  analysis: null,
  decision: null,
  probation: null,
  breaches: [],
});

export function run(changes: Partial<DemoResult> = {}): DemoResult {
  const trained = { version: 1, metrics: {}, labelNotKnown: 593, rows: 47_384 };
  return {
    scope: { airports: 20, isLarge: false, days: 7, permuted: false, onServers: false },
    totals: {
      events: 10,
      verdicts: { accepted: 10, duplicate: 0, late: 0, quarantined: 0 },
      predictions: 5,
      steps: 2,
      featureAgeMaxSeconds: 240,
      stepMs: [10, 20],
    },
    trained: [trained, { ...trained, version: 2 }],
    disagreement: { pairs: 4, differ: 0.25 },
    truth: { flights: 27_211, auc: [0.58, 0.74], cost: [0.73, 0.55], pairedEffect: -0.18 },
    results: decided('promote'),
    looks: RECORDED,
    secondsToDecision: 0.05,
    audit: { predictions: 5, values: 210, mismatchCount: 0 } as DemoResult['audit'],
    faults: FAULTS,
    rollbacks: FAULTS.map(({ fault }) => rollBack(fault)),
    seconds: 200,
    readySeconds: 5,
    peakMemoryMb: 1400,
    eventLog: '/data/event-log',
    ...changes,
  };
}

export const kept = (scope: Partial<DemoResult['scope']> = {}): DemoResult =>
  run({ results: decided('keep'), faults: [], rollbacks: [], scope: { ...run().scope, ...scope } });
