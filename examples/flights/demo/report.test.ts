import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { conclusionOf } from './conclusion.ts';
import type { FaultSeen } from './fault-day.ts';
import { reportHtml } from './report-html.ts';
import { reportOf, reportText } from './report.ts';
import type { DemoResult } from './result.ts';
import type { RollBack } from './stages.ts';
import { summaryOf } from './summary.ts';

type Analysis = NonNullable<ExperimentResults['analysis']>;
type Decision = NonNullable<ExperimentResults['decision']>;

const ANALYSIS: Analysis = {
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
const FAULTS: readonly [FaultSeen, FaultSeen] = [
  { fault: 'the store', from: '2001-01-29T10:30:00Z', to: '2001-01-29T12:00:00Z', ageMaxSeconds: 1200, isRolledBack: true },
  { fault: 'the keys', from: '2001-01-29T12:15:00Z', to: '2001-01-30T12:00:00Z', ageMaxSeconds: 240, isRolledBack: true },
];
const rollBack = (fault: string): RollBack => ({
  fault,
  guardrail: 'g',
  outcomesUntilBreach: 300,
  milliseconds: 40,
  featureAgeMaxSeconds: 240,
});

function decided(decision: string, promotion?: Decision['promotion']): ExperimentResults {
  const made: Decision = {
    decision,
    because: 'of its rule',
    decidedAt: ANALYSIS.asOf,
    analysis: ANALYSIS,
    ...(promotion && { promotion }),
  };
  return { ...undecided(), state: 'decided', analysis: ANALYSIS, decision: made };
}

const undecided = (): ExperimentResults => ({
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

function run(changes: Partial<DemoResult> = {}): DemoResult {
  const trained = { version: 1, metrics: {}, labelNotKnown: 593, rows: 47_384 };
  return {
    scope: { airports: 20, isLarge: false, days: 7, permuted: false },
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

const kept = (scope: Partial<DemoResult['scope']> = {}): DemoResult =>
  run({ results: decided('keep'), faults: [], rollbacks: [], scope: { ...run().scope, ...scope } });
const textOf = (result: DemoResult): string => reportText(reportOf(result));

describe('the report', () => {
  it('of the run without flags compares with the week, its bars and two roll-backs', () => {
    const text = textOf(run());
    expect(text).toContain('between 20 airports');
    expect(text).toContain('Experiment: one week');
    expect(text).toContain('(expected: promote)');
    expect(text).toContain('at most 240 s');
    expect(text).toMatch(/the store +g after 300 matured outcomes; old version answers after 40 ms/);
  });

  it('of permuted delays expects the old model to be kept and shows no faults', () => {
    const text = textOf(kept({ permuted: true }));
    expect(text).toContain('(expected: keep)');
    expect(text).not.toContain('expected: promote');
    expect(text).toMatch(/not injected +no new version became champion/);
    expect(text).not.toContain('the store');
  });

  it('of fewer days says so, and calls nothing a week that was none', () => {
    const text = textOf(run({ scope: { ...run().scope, days: 3 } }));
    expect(text).toContain('Experiment: 3 days instead of the declared week');
    expect(text).toContain('the rule asks for all 3 days');
    expect(text).toContain('fewer days, a wider interval');
    expect(text).not.toMatch(/one week|at most 240 s/);
  });

  it('of the whole network has its own expectations', () => {
    const text = textOf(run({ scope: { airports: 229, isLarge: true, days: 7, permuted: false } }));
    expect(text).toContain('between 229 airports');
    expect(text).toContain('.77 ± .02');
    expect(text).not.toContain('.74 ± .02');
  });

  it('names a fault that no guardrail saw, and a roll-back that no fault explains', () => {
    const text = textOf(run({ rollbacks: [rollBack('the store'), { ...rollBack('unexpected'), featureAgeMaxSeconds: undefined }] }));
    expect(text).toMatch(/the keys +no guardrail fired/);
    expect(text).toMatch(/unexpected +g after 300 matured outcomes; old version answers after 40 ms {3}/);
  });

  it('does not print a number for an answer that never came', () => {
    const text = textOf(run({ rollbacks: [{ ...rollBack('the store'), milliseconds: Number.POSITIVE_INFINITY }] }));
    expect(text).toContain('the old version never answered');
    expect(text).not.toContain('Infinity');
  });

  it('says that there is no analysis when nothing has matured', () => {
    expect(textOf(run({ results: undecided(), faults: [], rollbacks: [] }))).toMatch(/analysis +none: no outcome has matured/);
  });

  it('tells why the registry refused a promotion', () => {
    const results = decided('promote', { state: 'refused', detail: 'the champion has moved.' });
    const text = textOf(run({ results, faults: [], rollbacks: [] }));
    expect(text).toContain('The registry refused: the champion has moved.');
    expect(text).toContain('not injected');
  });

  it('is a page with the conclusion and the network in its head', () => {
    const page = reportHtml(reportOf(run()), { title: 'T', conclusion: 'Kept <so>.', airports: 229 });
    expect(page).toContain('Kept &lt;so&gt;.');
    expect(page).toContain('between 229 US airports');
  });
});

describe('the conclusion', () => {
  it.each<[string, DemoResult, RegExp]>([
    ['promoted with both roll-backs', run(), /^Promoted after 7 days: .*each of the 2 faults rolled it back without/],
    ['promoted with one roll-back', run({ rollbacks: [rollBack('the keys')] }), /only 1 of the 2 faults rolled it back\.$/],
    [
      'kept',
      kept({ days: 1 }),
      /^Kept after one day: the second version was not shown to be better, so the first version stays champion\.$/,
    ],
    ['kept with permuted delays', kept({ permuted: true }), /as it must be where nothing can be learnt, so the first/],
    ['stopped for harm', run({ results: decided('stop-harm') }), /^Stopped early: .*did harm/],
    ['invalid', run({ results: decided('invalid') }), /^No verdict after 7 days: .*\(of its rule\)/],
    ['refused', run({ results: decided('promote', { state: 'refused', detail: '' }) }), /registry refused it, so the first version stays/],
    ['undecided', run({ results: undecided() }), /^No decision was made, so the first version stays champion\.$/],
  ])('is one sentence when the experiment was %s', (_, result, said) => {
    expect(conclusionOf(result)).toMatch(said);
  });
});

describe('the JSON line', () => {
  const shapeOf = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
      : null;
  const line = (result: DemoResult): unknown => JSON.parse(JSON.stringify(summaryOf(result)));
  const kinds: readonly [string, DemoResult][] = [
    ['kept', kept({ permuted: true })],
    ['of three days', run({ scope: { ...run().scope, days: 3 } })],
    ['of the whole network', run({ scope: { airports: 229, isLarge: true, days: 2, permuted: false } })],
    ['undecided', run({ results: undecided(), faults: [], rollbacks: [] })],
  ];

  it.each(kinds)('has the same keys when the run was %s', (_, result) => {
    expect(shapeOf(line(result))).toEqual(shapeOf(line(run())));
  });

  it('has the documented keys', () => {
    expect(line(run())).toEqual({
      events: 10,
      verdicts: { accepted: 10, duplicate: 0, late: 0, quarantined: 0 },
      models: { v1: { auc: 0.58, cost: 0.73 }, v2: { auc: 0.74, cost: 0.55 } },
      experiment: {
        effect: -0.17,
        ci: [-0.2, -0.15],
        ciMethod: 'Welch',
        pairedTruth: -0.18,
        srmP: 0.59,
        decision: 'promote',
        significantSince: '2001-01-16T12:00:00Z',
        secondsToDecision: 0.05,
      },
      featureAgeMaxSeconds: 240,
      rollbacks: [
        { fault: 'the store', guardrail: 'g', outcomesUntilBreach: 300, milliseconds: 40 },
        { fault: 'the keys', guardrail: 'g', outcomesUntilBreach: 300, milliseconds: 40 },
      ],
      seconds: 200,
      peakMemoryMb: 1400,
      eventLog: '/data/event-log',
    });
  });
});
